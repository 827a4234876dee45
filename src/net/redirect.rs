//! Where an answer sends a request on to.
//!
//! What must stay true: never from `https` to `http`; never without end; only what is read is sent on, so that nothing
//! is done twice or elsewhere.

use super::address::Address;
use super::exchange::Method;
use crate::domain::error::{Error, Result};

/// How many times in a row a request is sent on.
pub(super) const MOST: usize = 5;

/// Where a request goes next, as its answer says; nothing where this is the answer. `unavailable` where it leads on for
/// ever or out of `https`.
pub(super) fn next(
    from: &Address,
    method: Method,
    status: u16,
    location: Option<&str>,
    followed: usize,
    allow_plain: bool,
) -> Result<Option<Address>> {
    let Some(location) = location.filter(|_| matches!(status, 301 | 302 | 303 | 307 | 308)) else {
        return Ok(None);
    };
    if method != Method::Get {
        return Ok(None);
    }
    if followed >= MOST {
        return Err(Error::unavailable(format!("{} redirects more than {MOST} times.", from.host()))
            .hint("Name the address where it ends in the manifest."));
    }
    let to = from.join(location, true)?;
    if to.is_plain() && !(allow_plain && from.is_plain()) {
        return Err(Error::unavailable(format!(
            "{} redirects to plain http, which is not followed.",
            from.host()
        ))
        .hint("Name the https address where it ends in the manifest."));
    }
    Ok(Some(to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(from: &str, location: &str, allow_plain: bool) -> Result<Option<String>> {
        let from = Address::parse(from, true)?;
        let to = next(&from, Method::Get, 302, Some(location), 0, allow_plain)?;
        Ok(to.map(|to| to.url().to_string()))
    }

    #[test]
    fn a_redirect_is_followed_where_it_may_lead() {
        for (from, location, allow_plain, to) in [
            ("https://a.example.com/x/y", "z", false, "https://a.example.com/x/z"),
            ("https://a.example.com/x", "https://b.example.com/", false, "https://b.example.com/"),
            ("http://a.example.com/x", "https://a.example.com/x", true, "https://a.example.com/x"),
            ("http://a.example.com/x", "/y", true, "http://a.example.com/y"),
            ("https://a.example.com/x", "//b.example.com/y", false, "https://b.example.com/y"),
        ] {
            assert_eq!(after(from, location, allow_plain).unwrap().unwrap(), to);
        }
    }

    #[test]
    fn a_redirect_is_refused_where_it_leads_out_of_what_is_safe() {
        for (from, location, allow_plain, says) in [
            ("https://a.example.com/", "http://a.example.com/", true, "plain http"),
            ("https://a.example.com/", "http://127.0.0.1/", true, "plain http"),
            ("http://a.example.com/", "http://a.example.com/", false, "plain http"),
            ("https://a.example.com/", "file:///etc/passwd", false, "not one of a web server"),
            ("https://a.example.com/", "https://u:canary@b.example.com/", false, "holds a user"),
        ] {
            let error = after(from, location, allow_plain).unwrap_err();
            assert!(error.message.contains(says) && !error.message.contains("canary"), "{}", error.message);
        }
    }

    #[test]
    fn what_is_not_read_only_or_no_redirect_is_the_answer() {
        let from = Address::parse("https://a.example.com/", false).unwrap();
        for (method, status, location) in [
            (Method::Post, 307, Some("/x")),
            (Method::Get, 304, Some("/x")),
            (Method::Get, 200, Some("/x")),
            (Method::Get, 302, None),
        ] {
            assert!(next(&from, method, status, location, 0, false).unwrap().is_none());
        }
        let error = next(&from, Method::Get, 302, Some("/x"), MOST, false).err().unwrap();
        assert!(error.retryable && error.message.contains("more than 5 times"));
    }
}
