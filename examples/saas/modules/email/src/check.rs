//! What is wrong with the text of a mail, for a test that writes all mails.

use kernel::config::PublicUrl;
use mailer::Content;

/// What a list of mails shows of a subject.
const SUBJECT: usize = 78;

/// Gmail cuts off what is longer than 102 KB.
const SIZE: usize = 100_000;

/// What never works in a mail, or is there to harm.
const FORBIDDEN: [&str; 6] = ["<script", "<form", "<iframe", "<object", "javascript:", " onload="];

/// Says what readers would not get to see as it is meant: a subject that is too long, a text that is missing, links that lead
/// nowhere outside of the application, or are in one of the texts alone.
#[must_use]
pub fn check(content: &Content, public_url: &PublicUrl) -> Vec<String> {
    let Content { subject, text, html } = content;
    let mut faults = Vec::new();
    let mut demand = |is_met: bool, fault: String| {
        if !is_met {
            faults.push(fault);
        }
    };
    demand(!subject.trim().is_empty(), "the subject is empty".to_owned());
    demand(subject.chars().count() <= SUBJECT, format!("the subject has more than {SUBJECT} characters"));
    demand(!subject.contains(char::is_control), "the subject is more than a line".to_owned());
    demand(!text.trim().is_empty(), "there is no text".to_owned());
    demand(!text.contains("&#") && !text.contains("&amp;"), "the text is escaped as HTML is".to_owned());
    demand(html.len() < SIZE, format!("the HTML has more than {SIZE} bytes"));
    let lower = html.to_lowercase();
    for forbidden in FORBIDDEN {
        demand(!lower.contains(forbidden), format!("the HTML has `{forbidden}`"));
    }
    let (in_text, in_html) = (links_of_text(text), links_of_html(html));
    for link in in_text.iter().chain(&in_html) {
        let is_absolute = link.starts_with(&public_url.join("/")) || *link == public_url.join("");
        demand(is_absolute, format!("{link} does not begin with PUBLIC_URL"));
    }
    for link in &in_html {
        demand(in_text.contains(link), format!("{link} is not in the text"));
    }
    faults
}

/// The addresses in a plain text.
#[must_use]
pub fn links_of_text(text: &str) -> Vec<String> {
    let words = text.split(|it: char| it.is_whitespace() || matches!(it, '<' | '>' | '"'));
    let links = words.filter(|word| word.starts_with("http://") || word.starts_with("https://"));
    links.map(|link| link.trim_end_matches(['.', ',', ')', ';', '!', '?']).to_owned()).collect()
}

/// What the links and images of a page lead to.
#[must_use]
pub fn links_of_html(html: &str) -> Vec<String> {
    let mut links = Vec::new();
    for attribute in ["href=\"", "src=\""] {
        let values = html.split(attribute).skip(1).filter_map(|rest| rest.split('"').next());
        links.extend(values.map(|link| link.replace("&#38;", "&").replace("&amp;", "&").replace("&#61;", "=")));
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(subject: &str, text: &str, html: &str) -> Vec<String> {
        let content = Content { subject: subject.to_owned(), text: text.to_owned(), html: html.to_owned() };
        check(&content, &"https://app.test".parse().unwrap())
    }

    #[test]
    fn a_mail_that_can_be_read_everywhere_has_no_faults() {
        let html = "<a href=\"https://app.test/a?b=1&#38;c=2\">there</a>";
        assert_eq!(faults("Hello", "Go to https://app.test/a?b=1&c=2.", html), [""; 0]);
    }

    #[test]
    fn every_fault_is_found() {
        for (subject, text, html, fault) in [
            ("", "text", "", "empty"),
            ("a\nb", "text", "", "more than a line"),
            (&"x".repeat(79), "text", "", "more than 78"),
            ("a", " ", "", "no text"),
            ("a", "you &#38; me", "", "escaped"),
            ("a", "text", "<SCRIPT>", "<script"),
            ("a", "text", "<img src=\"/logo.png\">", "PUBLIC_URL"),
            ("a", "see http://app.test/x", "", "PUBLIC_URL"),
            ("a", "see https://app.test.evil/x", "", "PUBLIC_URL"),
            ("a", "text", "<a href=\"https://app.test/x\">", "not in the text"),
            ("a", "text", &"x".repeat(SIZE), "bytes"),
        ] {
            let found = faults(subject, text, html);
            assert!(found.iter().any(|it| it.contains(fault)), "{subject:?} {text:?}: {found:?}");
        }
    }
}
