//! A name as the words it is made of.
//!
//! What must stay true: a word is the same however the name is written.

/// A segment's words in lower case and singular: `secretAccessKeys` is secret, access, key.
pub(super) fn words(segment: &str) -> Vec<String> {
    let chars: Vec<char> = segment.chars().collect();
    let mut words = vec![String::new()];
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| chars.get(before));
        // `rootCAs` ends in a plural, not in a word of its own.
        let is_plural =
            chars.get(at + 1) == Some(&'s') && !chars.get(at + 2).is_some_and(|c| c.is_lowercase());
        let after = chars.get(at + 1).filter(|_| !is_plural);
        let begins = c.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_ascii_digit()
                    || after.is_some_and(|after| after.is_lowercase())
            });
        if begins || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words.into_iter().map(singular).collect()
}

fn singular(word: String) -> String {
    match word.strip_suffix('s') {
        Some("addresse") => "address".to_owned(),
        Some("ca" | "id" | "ip") => word[..2].to_owned(),
        Some(one) if one.len() > 3 && one.ends_with("ie") => format!("{}y", &one[..one.len() - 2]),
        Some(one) if word.len() > 3 && !one.ends_with(['s', 'u', 'i']) && word != "alias" => one.to_owned(),
        _ => word,
    }
}

#[cfg(test)]
pub(super) fn segments(path: &str) -> Vec<String> {
    path.split('.').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_into_words() {
        for (segment, expected) in [
            ("secretAccessKeys", "secret access key"),
            ("client-cert-auth", "client cert auth"),
            ("HTTPServer2Port", "http server2 port"),
            ("accessKeyID", "access key id"),
            ("max_retries", "max retry"),
            ("rootCAs", "root ca"),
            ("trustedIPs", "trusted ip"),
            ("IsSecret", "is secret"),
            ("listen.addresses", "listen address"),
            ("tls", "tls"),
            ("__", ""),
        ] {
            assert_eq!(words(segment).join(" "), expected, "{segment}");
        }
    }
}
