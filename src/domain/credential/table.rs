//! What must be found and what must not, case by case.

mod harmless;
mod planted;

use super::{Finding, find};
use crate::domain::path::Path;
use serde_json::Value;

fn found(path: &str, value: &Value) -> Vec<Finding> {
    find(&Path::parse(path).unwrap(), value)
}

/// Characters as a machine would choose them, the same every time, put together when the test runs: so that no scan of
/// these files takes one for a credential.
fn random(alphabet: &str, length: usize) -> String {
    let letters: Vec<char> = alphabet.chars().collect();
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15 ^ (length as u64) << 7 ^ letters.len() as u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        letters[(state >> 33) as usize % letters.len()]
    };
    std::iter::repeat_with(next).take(length).collect()
}

const HEX: &str = "0123456789abcdef";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
