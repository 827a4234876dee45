//! What the operands of `set`, `validate` and `assess` mean.

use crate::domain::error::{Error, Result};

/// A path and the value typed for it; no value where it is read from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment {
    /// The path as typed.
    pub(crate) path: String,
    /// The value as typed.
    pub(crate) value: Option<String>,
}

/// When every operand holds an unquoted `=`, they are assignments; otherwise exactly PATH VALUE. Where the value is
/// read from elsewhere, exactly PATH; the value `-` says so too.
pub(crate) fn assignments(operands: &[String], value_from_elsewhere: bool) -> Result<Vec<Assignment>> {
    let form = "cfgctl set PATH VALUE, or cfgctl set PATH=VALUE PATH=VALUE…";
    if value_from_elsewhere {
        return match operands {
            [path] => Ok(vec![Assignment { path: path.clone(), value: None }]),
            _ => {
                Err(Error::usage("A value read from a file or from standard input is for exactly one path.")
                    .hint("cfgctl set PATH --value-file FILE"))
            }
        };
    }
    let split: Option<Vec<(&str, &str)>> = operands.iter().map(|operand| at_equals(operand)).collect();
    if let Some(pairs) = split {
        let assignment =
            |(path, value): (&str, &str)| Assignment { path: path.into(), value: Some(value.into()) };
        return Ok(pairs.into_iter().map(assignment).collect());
    }
    match operands {
        [path, value] => Ok(vec![Assignment {
            path: path.clone(),
            value: Some(value.clone()).filter(|value| value != "-"),
        }]),
        [path] => Err(Error::usage(format!("There is no value for {path:?}.")).hint(form)),
        _ => {
            let odd = operands.iter().find(|operand| at_equals(operand).is_none()).map_or("", String::as_str);
            Err(Error::usage(format!("Several values are given as PATH=VALUE, and {odd:?} is not."))
                .hint(form))
        }
    }
}

/// The operand parted at its first `=` outside quotes.
fn at_equals(operand: &str) -> Option<(&str, &str)> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in operand.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '=' if !quoted => return Some((&operand[..at], &operand[at + 1..])),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(operands: &[&str], elsewhere: bool) -> Result<Vec<(String, Option<String>)>> {
        let operands: Vec<String> = operands.iter().map(|operand| (*operand).to_owned()).collect();
        Ok(assignments(&operands, elsewhere)?.into_iter().map(|a| (a.path, a.value)).collect())
    }

    #[test]
    fn operands_are_assignments_only_where_every_one_holds_an_unquoted_equals_sign() {
        for (operands, expected) in [
            (&["server.port", "5050"][..], &[("server.port", Some("5050"))][..]),
            (&["a=1"], &[("a", Some("1"))]),
            (&["a=1", "b=x=y"], &[("a", Some("1")), ("b", Some("x=y"))]),
            (&["a=", "b=-"], &[("a", Some("")), ("b", Some("-"))]),
            (&["motd", "x=y"], &[("motd", Some("x=y"))]),
            (&[r#"a."b=c""#, "5"], &[(r#"a."b=c""#, Some("5"))]),
            (&[r#"a."b=c"=5"#], &[(r#"a."b=c""#, Some("5"))]),
            (&[r#"a."q\"=c"=5"#], &[(r#"a."q\"=c""#, Some("5"))]),
            (&["x", "-1"], &[("x", Some("-1"))]),
            (&["x", "--"], &[("x", Some("--"))]),
            (&["x", ""], &[("x", Some(""))]),
            (&["x", "-"], &[("x", None)]),
            (&["=5"], &[("", Some("5"))]),
        ] {
            let expected: Vec<_> =
                expected.iter().map(|(path, value)| ((*path).to_owned(), value.map(str::to_owned))).collect();
            assert_eq!(read(operands, false).unwrap(), expected, "{operands:?}");
        }
    }

    #[test]
    fn what_is_neither_form_is_refused_naming_what_is_odd() {
        for (operands, named) in
            [(&["x"][..], "x"), (&["a", "b", "c"], "\"a\""), (&["a=1", "b", "c=2"], "\"b\"")]
        {
            assert!(read(operands, false).unwrap_err().message.contains(named), "{operands:?}");
        }
    }

    #[test]
    fn a_value_from_elsewhere_is_for_one_path() {
        assert_eq!(read(&["a=b"], true).unwrap(), [("a=b".to_owned(), None)]);
        assert!(read(&["a", "b"], true).is_err());
    }
}
