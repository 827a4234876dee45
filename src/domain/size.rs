//! How much room something takes, written `512MiB` or as bytes.

use super::error::{Error, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// So many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(u64);

/// The units, the largest first.
const UNITS: [(&str, u64); 5] =
    [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl Size {
    /// So many mebibytes.
    pub const fn mebibytes(mebibytes: u64) -> Size {
        Size(mebibytes << 20)
    }

    /// So many bytes.
    pub const fn of_bytes(bytes: u64) -> Size {
        Size(bytes)
    }

    /// As bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// For people: `1.2 GiB`.
    pub fn in_words(self) -> String {
        let (name, unit) = UNITS.iter().find(|(_, unit)| self.0 >= *unit).unwrap_or(&("B", 1));
        let tenths = self.0.saturating_mul(10) / unit;
        if tenths.is_multiple_of(10) || *unit == 1 {
            return format!("{} {name}", tenths / 10);
        }
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    }

    /// Reads `512MiB`, `1 GiB` or bytes. `usage` shows the form.
    pub fn parse(text: &str) -> Result<Size> {
        let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
        let unit = unit.trim_start();
        let factor = UNITS.iter().find(|(name, _)| unit.is_empty() || *name == unit);
        let factor = factor.map(|(_, factor)| if unit.is_empty() { 1 } else { *factor });
        number
            .parse::<u64>()
            .ok()
            .zip(factor)
            .and_then(|(number, factor)| number.checked_mul(factor))
            .map(Size)
            .ok_or_else(|| {
                Error::usage(format!("{text:?} is not a size."))
                    .hint("Write 512MiB, 1GiB or a number of bytes.")
            })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, unit): &&(&str, u64)| self.0 != 0 && self.0.is_multiple_of(*unit);
        let (name, unit) = UNITS.iter().find(fits).unwrap_or(&("B", 1));
        write!(f, "{}{name}", self.0 / unit)
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Bytes(u64),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Bytes(bytes) => Ok(Size(bytes)),
            Written::Text(text) => Size::parse(&text).map_err(serde::de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_reads_and_prints_in_its_largest_whole_unit() {
        for (text, bytes, shown) in [
            ("0", 0, "0B"),
            ("1000", 1000, "1000B"),
            ("4096", 4096, "4KiB"),
            ("512MiB", 512 << 20, "512MiB"),
            ("1 GiB", 1 << 30, "1GiB"),
            ("1536MiB", 1536 << 20, "1536MiB"),
            ("2TiB", 2 << 40, "2TiB"),
        ] {
            let size = Size::parse(text).unwrap();
            assert_eq!((size.bytes(), size.to_string().as_str()), (bytes, shown), "{text}");
            assert_eq!(Size::parse(&size.to_string()).unwrap(), size, "{text}");
        }
        for (bytes, words) in
            [(0, "0 B"), (1023, "1023 B"), (1 << 30, "1 GiB"), ((1 << 30) + (1 << 28), "1.2 GiB")]
        {
            assert_eq!(Size::of_bytes(bytes).in_words(), words);
        }
        for text in ["", "MiB", "1GB", "1.5GiB", "-1", "1gib", "99999999TiB"] {
            assert!(Size::parse(text).is_err(), "{text}");
        }
    }
}
