//! Values put into a file that others write too.
//!
//! What must stay true: only the values of the governed paths change; comments and everything else stay byte for byte;
//! where a value cannot be placed safely, nothing is given back but an error that names it.

use super::Content;
use super::file::read_regular;
use crate::domain::base_document::environment::variable_name;
use crate::domain::base_document::patch::patch_foreign;
use crate::domain::document::{Format, LONGEST_DOCUMENT};
use crate::domain::error::{Error, Result};
use crate::domain::path::Path;
use std::path::Path as FilePath;

/// The file's content with the values put in. A path without a value stays as it stands in the file. `not-found` where
/// there is no file, `refused` where a path cannot be placed in it.
pub fn patch(format: Format, prefix: &str, file: &FilePath, content: &Content<'_>) -> Result<Vec<u8>> {
    let named = file.display().to_string();
    let bytes = read_regular(file, &named, LONGEST_DOCUMENT as u64).map_err(|error| match error.code {
        crate::domain::error::Code::NotFound => {
            error.hint("A file is patched only where it is there: make it, or let it be rendered (no patch).")
        }
        _ => error,
    })?;
    let mut text = String::from_utf8(bytes)
        .map_err(|_| Error::invalid(format!("{named} is not UTF-8.")).hint("Convert it first: iconv."))?;
    for (path, value) in content.values {
        let key = match format {
            Format::Dotenv => Path::parse(&format!("{prefix}{}", variable_name(path)))?,
            _ => path.clone(),
        };
        let expected = |asked: &Path| (content.expected)(if *asked == key { path } else { asked });
        text = patch_foreign(format, &named, &text, &key, value, &expected).map_err(|mut error| {
            if content.secrets.contains(path) {
                // What a person would write holds the value.
                error.hint =
                    Some(format!("Write {path} into {named} yourself, once; then it can be changed there."));
            }
            error
        })?;
    }
    Ok(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::error::Code;
    use crate::domain::value::Value;
    use serde_json::json;
    use std::collections::{BTreeMap, BTreeSet};

    fn patched(format: Format, text: Option<&str>, values: &[(&str, Value)]) -> Result<String> {
        let file = std::env::temp_dir().join(format!("cfgctl-patch-{}-{format}", std::process::id()));
        let _ = std::fs::remove_file(&file);
        if let Some(text) = text {
            std::fs::write(&file, text).unwrap();
        }
        let values: BTreeMap<_, _> =
            values.iter().map(|(path, value)| (Path::parse(path).unwrap(), value.clone())).collect();
        let secrets = BTreeSet::from([Path::parse("password").unwrap()]);
        let variables = BTreeMap::new();
        let content =
            Content { values: &values, secrets: &secrets, expected: &|_| None, variables: &variables };
        patch(format, "APP_", &file, &content).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn only_the_governed_values_change() {
        let yaml = "# head\nserver:\n  port: 1 # why\n  other: ${KEPT}\n";
        let values = [("server.port", json!(5050)), ("server.name", json!("$${x}"))];
        assert_eq!(
            patched(Format::Yaml, Some(yaml), &values).unwrap(),
            "# head\nserver:\n  port: 5050 # why\n  other: ${KEPT}\n  name: \"$${x}\"\n"
        );
        let dotenv = "# head\nAPP_SERVER_PORT=1 # why\nOTHER='x'\n";
        assert_eq!(
            patched(Format::Dotenv, Some(dotenv), &values[..1]).unwrap(),
            "# head\nAPP_SERVER_PORT=5050 # why\nOTHER='x'\n"
        );
    }

    #[test]
    fn what_cannot_be_placed_is_named_and_a_secret_is_not_shown() {
        assert_eq!(patched(Format::Json, None, &[("a", json!(1))]).unwrap_err().code, Code::NotFound);
        let several = "password: |\n  old\n  lines\n";
        let error = patched(Format::Yaml, Some(several), &[("password", json!("canary"))]).unwrap_err();
        assert!(error.message.contains("password cannot be changed there safely"), "{error:?}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}
