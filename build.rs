//! How the program is linked: at a fixed address, and with what a short command uses side by side.
//!
//! A command that answers in a millisecond spends most of it being loaded: with a position-independent executable the
//! loader patches some 60,000 addresses (vtables, tables of the libraries) and touches 3 MB of memory before `main`,
//! on every run. What is given up is the random placing of the program's own code; libraries, heap and stacks keep theirs.
//!
//! Nor does it use more than a fortieth of the program's functions, which by themselves lie in half of its pages: the
//! linker puts those that `scripts/link-order` found side by side.

use std::env;
use std::path::Path;
use std::process::Command;

/// The functions that are put side by side, by name.
const ORDER: &str = "scripts/link-order.txt";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={ORDER}");
    let target = |part: &str| env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo:rustc-link-arg-bins=-no-pie");
        let order = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join(ORDER);
        if order.is_file() && linker_takes_an_order() {
            println!("cargo:rustc-link-arg-bins=-Wl,--symbol-ordering-file={}", order.display());
            println!("cargo:rustc-link-arg-bins=-Wl,--no-warn-symbol-ordering");
        }
    }
}

/// Whether the linker is the one that comes with the compiler, which knows how. Another one would refuse the words, so
/// where anybody chose a linker, or the compiler brings none, the order is left as it comes.
fn linker_takes_an_order() -> bool {
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let chosen = env::var_os("RUSTC_LINKER").is_some() || flags.contains("link");
    let native = env::var("TARGET") == env::var("HOST");
    if chosen || !native || env::var("PROFILE").as_deref() != Ok("release") {
        return false;
    }
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let Ok(asked) = Command::new(rustc).args(["--print", "sysroot"]).output() else { return false };
    let sysroot = String::from_utf8_lossy(&asked.stdout).trim().to_owned();
    let host = env::var("HOST").unwrap_or_default();
    // The only target where it is what the compiler uses unasked.
    host == "x86_64-unknown-linux-gnu"
        && Path::new(&sysroot).join("lib/rustlib").join(&host).join("bin/gcc-ld/ld.lld").is_file()
}
