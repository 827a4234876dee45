//! Signature Version 4, by which AWS knows who asks.
//!
//! What must stay true: it is AWS's own published examples that say whether this is right; the secret key is in no
//! message and leaves this place only as a signature.

use crate::domain::change::hex;
use crate::source::secret::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Credentials {
    pub(super) key_id: String,
    pub(super) secret_key: Secret,
    pub(super) session_token: Option<Secret>,
}

/// What is asked, as far as the signature covers it.
pub(super) struct Signed<'a> {
    pub(super) method: &'a str,
    /// The path, each part encoded.
    pub(super) path: &'a str,
    /// The query, sorted and encoded.
    pub(super) query: &'a str,
    /// The headers that are signed, in small letters, sorted, their values trimmed.
    pub(super) headers: &'a [(String, String)],
    pub(super) body: &'a [u8],
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    /// `20150830T123600Z`
    pub(super) moment: &'a str,
}

/// The header `Authorization`.
pub(super) fn authorization(signed: &Signed<'_>, credentials: &Credentials) -> String {
    let day = signed.moment.split('T').next().unwrap_or_default();
    let scope = format!("{day}/{}/{}/aws4_request", signed.region, signed.service);
    let asked = hex(&Sha256::digest(canonical(signed)));
    let to_sign = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{asked}", signed.moment);
    let first = Zeroizing::new(format!("AWS4{}", credentials.secret_key.reveal()));
    let mut key = Zeroizing::new(mac(first.as_bytes(), day));
    for part in [signed.region, signed.service, "aws4_request"] {
        key = Zeroizing::new(mac(&*key, part));
    }
    let signature = hex(&mac(&*key, &to_sign));
    let (names, key_id) = (names(signed), &credentials.key_id);
    format!("AWS4-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}")
}

fn canonical(signed: &Signed<'_>) -> String {
    let headers: String = signed.headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let Signed { method, path, query, body, .. } = signed;
    format!("{method}\n{path}\n{query}\n{headers}\n{}\n{}", names(signed), hex(&Sha256::digest(body)))
}

fn names(signed: &Signed<'_>) -> String {
    let names: Vec<&str> = signed.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.join(";")
}

fn mac(key: &[u8], text: &str) -> [u8; 32] {
    // Of any length a key is taken, so there is always one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The method, the query, further headers, the body and what AWS's test suite says the signature is.
    type Example = (
        &'static str,
        &'static str,
        &'static str,
        &'static [(&'static str, &'static str)],
        &'static str,
        &'static str,
    );

    #[test]
    fn the_signatures_are_those_of_the_published_test_suite() {
        let examples: [Example; 5] = [
            (
                "get-vanilla",
                "GET",
                "",
                &[],
                "",
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                "post-vanilla",
                "POST",
                "",
                &[],
                "",
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
            (
                "get-vanilla-query-order-key-case",
                "GET",
                "Param1=value1&Param2=value2",
                &[],
                "",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                "post-header-key-sort",
                "POST",
                "",
                &[("my-header1", "value1")],
                "",
                "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
            ),
            (
                "post-x-www-form-urlencoded",
                "POST",
                "",
                &[("content-type", "application/x-www-form-urlencoded")],
                "Param1=value1",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
        ];
        let credentials = Credentials {
            key_id: "AKIDEXAMPLE".to_owned(),
            secret_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session_token: None,
        };
        for (name, method, query, further, body, signature) in examples {
            let always = [("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")];
            let mut headers: Vec<(String, String)> = always
                .iter()
                .chain(further)
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect();
            headers.sort();
            let signed = Signed {
                method,
                path: "/",
                query,
                headers: &headers,
                body: body.as_bytes(),
                region: "us-east-1",
                service: "service",
                moment: "20150830T123600Z",
            };
            let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
            let expected = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders={}, Signature={signature}",
                names.join(";")
            );
            assert_eq!(authorization(&signed, &credentials), expected, "{name}");
        }
    }

    #[test]
    fn the_example_of_the_documentation_holds_too() {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("host", "iam.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let signed = Signed {
            method: "GET",
            path: "/",
            query: "Action=ListUsers&Version=2010-05-08",
            headers: &headers,
            body: b"",
            region: "us-east-1",
            service: "iam",
            moment: "20150830T123600Z",
        };
        let credentials = Credentials {
            key_id: "AKIDEXAMPLE".to_owned(),
            secret_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session_token: None,
        };
        let says = authorization(&signed, &credentials);
        assert!(says.ends_with("5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"), "{says}");
        assert!(!format!("{credentials:?}").contains("wJalr"));
    }
}
