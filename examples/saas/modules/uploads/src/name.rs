//! Names of files: what people see, and nothing that a path is made of.

use icu_normalizer::ComposingNormalizerBorrowed;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// How many bytes a name may have.
const LONGEST: usize = 200;

/// What stands as it is in an address and in `filename*` (RFC 8187).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A name as it is kept: the last part of a path of any system, without what nobody sees or what turns the direction of
/// writing, so that `exe.gpj` does not look like `jpg.exe`.
pub fn clean(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(last);
    let visible: String = composed.chars().filter(|&character| !is_hidden(character)).collect();
    let name = visible.trim_matches(|character: char| character.is_whitespace() || character == '.');
    let end = extension(name).map_or(0, |extension| extension.len() + 1);
    let (stem, end) = name.split_at(name.len() - end);
    let room = LONGEST - end.len();
    let length = (0..=room.min(stem.len())).rev().find(|&length| stem.is_char_boundary(length)).unwrap_or_default();
    let name = format!("{}{end}", stem.get(..length).unwrap_or_default());
    if name.is_empty() { "file".to_owned() } else { name }
}

fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

/// What a name ends in, in small letters.
pub fn extension(name: &str) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    let is_short = extension.len() <= 20;
    (!stem.is_empty() && is_short).then(|| extension.to_ascii_lowercase())
}

/// A name as a part of an address.
pub fn encode(name: &str) -> String {
    utf8_percent_encode(name, PLAIN).to_string()
}

/// The value of `Content-Disposition` (RFC 6266): for programs that read no more than ASCII, too.
pub fn disposition(kind: &str, name: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || " -._()".contains(character);
    let ascii: String = name.chars().map(|character| if is_plain(character) { character } else { '_' }).collect();
    format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''{}", encode(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_path_and_hides_nothing() {
        for (name, kept) in [
            ("photo.jpg", "photo.jpg"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Windows\\system32\\cmd.exe", "cmd.exe"),
            ("..", "file"),
            ("", "file"),
            ("/", "file"),
            (" .hidden ", "hidden"),
            ("a\0b\r\n.txt", "ab.txt"),
            ("photo\u{202e}gpj.exe", "photogpj.exe"),
            ("u\u{308}.txt", "\u{fc}.txt"),
            ("trailing.txt. ", "trailing.txt"),
        ] {
            assert_eq!(clean(name), kept, "{name:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_end() {
        let name = clean(&format!("{}.txt", "ü".repeat(300)));
        assert!(name.len() <= LONGEST && name.ends_with("ü.txt"), "{name}");
        assert!(clean(&format!("a.{}", "x".repeat(300))).len() <= LONGEST);
    }

    #[test]
    fn a_disposition_has_one_line_and_one_name() {
        let written = disposition("attachment", "a\"; filename=evil.html\r\nx: y.txt");
        assert!(!written.contains(['\r', '\n']) && written.matches('"').count() == 2, "{written}");
        assert_eq!(
            disposition("attachment", "Rechnung Müller.pdf"),
            "attachment; filename=\"Rechnung M_ller.pdf\"; filename*=UTF-8''Rechnung%20M%C3%BCller.pdf"
        );
    }
}
