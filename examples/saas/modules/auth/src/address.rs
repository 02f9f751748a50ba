//! Addresses of people: what one may be, and when two are the same.

/// The most bytes that a mail server takes.
pub const LIMIT: usize = 254;

/// An address that mail can be sent to. Letters other than those of ASCII look like others and are refused in front of the `@`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// As it was typed, with the domain in ASCII.
    pub text: String,
    /// The same for all ways to write it.
    pub key: String,
}

impl Address {
    /// Reads an address, unless it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (local, domain) = text.trim().rsplit_once('@')?;
        let is_atom = |atom: &str| {
            let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
            !atom.is_empty() && atom.bytes().all(is_allowed)
        };
        let domain = idna::domain_to_ascii_strict(domain).ok()?;
        // What looks like another domain may not stand for it.
        let is_plain = text.trim().bytes().rev().take_while(|byte| *byte != b'@').all(|byte| byte.is_ascii());
        let is_known = is_plain || idna::domain_to_unicode(&domain).0 == typed_domain(text);
        let text = format!("{local}@{domain}");
        let is_address = local.split('.').all(is_atom) && local.len() <= 64 && domain.contains('.') && is_known;
        (is_address && text.len() <= LIMIT).then(|| Self { key: text.to_ascii_lowercase(), text })
    }
}

fn typed_domain(text: &str) -> String {
    text.trim().rsplit_once('@').map_or_else(String::new, |(_, domain)| domain.to_lowercase())
}

/// What stands for an address that somebody typed, whether it is one or not.
#[must_use]
pub fn key(text: &str) -> String {
    let typed = || text.trim().chars().take(LIMIT).collect::<String>().to_ascii_lowercase();
    Address::parse(text).map_or_else(typed, |address| address.key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_key() {
        for (typed, text, key) in [
            (" Ann.Lee+Shop@Example.COM ", "Ann.Lee+Shop@example.com", "ann.lee+shop@example.com"),
            ("o'neil@x-y.example.org", "o'neil@x-y.example.org", "o'neil@x-y.example.org"),
            ("ann@bücher.example", "ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
        ] {
            let address = Address::parse(typed).unwrap();
            assert_eq!((&*address.text, &*address.key), (text, key));
        }
    }

    #[test]
    fn what_mail_cannot_reach_or_people_confuse_is_none() {
        let long = format!("{}@example.com", "a".repeat(65));
        let longer = format!("a@{}example.com", "abcdefghi.".repeat(25));
        for typed in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@localhost",
            "ann@@example.com",
            ".ann@example.com",
            "ann..lee@example.com",
            "\"ann\"@example.com",
            "ann lee@example.com",
            "ann@exam ple.com",
            "ann@example.com\r\nBcc: bob@example.com",
            "ann\0@example.com",
            "quac\u{212a}@example.org",
            "\u{ff4a}ohn@example.org",
            "test\u{43e}@example.org",
            "ann@\u{ff45}xample.org",
            "ann@example\u{3002}org",
            "ann@[127.0.0.1]",
            &long,
            &longer,
        ] {
            assert_eq!(Address::parse(typed), None, "{typed:?}");
        }
    }
}
