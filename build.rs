//! Links the program at a fixed address.
//!
//! A command that answers in a millisecond spends most of it being loaded: with a position-independent executable the
//! loader patches some 60,000 addresses (vtables, tables of the libraries) and touches 3 MB of memory before `main`,
//! on every run. What is given up is the random placing of the program's own code; libraries, heap and stacks keep theirs.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |part: &str| std::env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
}
