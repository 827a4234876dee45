//! Lines of comma-separated values (RFC 4180).
//!
//! What must stay true: no field that somebody wrote is a formula to a spreadsheet; such a one begins with an apostrophe.

use crate::domain::value::{Value, bare};
use std::borrow::Cow;

/// One line of these fields, quoted where they must be.
pub(crate) fn line<T: AsRef<str>>(fields: impl IntoIterator<Item = T>) -> String {
    let fields: Vec<String> = fields.into_iter().map(|field| quoted(field.as_ref())).collect();
    fields.join(",") + "\r\n"
}

/// A value as the text of a field.
pub(crate) fn text(value: &Value) -> String {
    if value.is_null() { String::new() } else { bare(value) }
}

/// A field that a spreadsheet takes for text or a number.
fn guarded(field: &str) -> Cow<'_, str> {
    let begins = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if begins && field.parse::<f64>().is_err() {
        Cow::Owned(format!("'{field}"))
    } else {
        Cow::Borrowed(field)
    }
}

fn quoted(field: &str) -> String {
    let field = guarded(field);
    if field.contains(['"', ',', '\n', '\r']) {
        return format!("\"{}\"", field.replace('"', "\"\""));
    }
    field.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_quoted_where_they_hold_what_parts_them() {
        assert_eq!(
            line(["a", "b c", "", "1,2", "say \"x\"", "two\nlines"]),
            "a,b c,,\"1,2\",\"say \"\"x\"\"\",\"two\nlines\"\r\n"
        );
    }

    #[test]
    fn no_field_is_a_formula() {
        assert_eq!(
            line(["=1+1", "+49 30", "-x", "@SUM(A1)", "-5", "+1.5", "a=b"]),
            "'=1+1,'+49 30,'-x,'@SUM(A1),-5,+1.5,a=b\r\n"
        );
    }

    #[test]
    fn a_value_stands_bare() {
        for (value, shown) in
            [(json!("x"), "x"), (json!(1), "1"), (json!({"a": 1}), "{\"a\":1}"), (json!(null), "")]
        {
            assert_eq!(text(&value), shown);
        }
    }
}
