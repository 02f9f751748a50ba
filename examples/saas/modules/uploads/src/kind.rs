//! What a file is: told by its first bytes. What its name says must fit, and what a client says about it counts for nothing.

use axum::http::StatusCode;
use kernel::{Error, Result};

use crate::name;

/// How many bytes tell what a file is.
pub const HEAD: usize = 512;

/// A kind of files that a [`Purpose`] may take.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub mime: &'static str,
    /// What its names end in, without the dot. A name without such an end gets the first one.
    pub extensions: &'static [&'static str],
    pub matches: fn(&[u8]) -> bool,
}

pub const JPEG: Kind =
    Kind { mime: "image/jpeg", extensions: &["jpg", "jpeg"], matches: |head| head.starts_with(b"\xff\xd8\xff") };

pub const PNG: Kind =
    Kind { mime: "image/png", extensions: &["png"], matches: |head| head.starts_with(b"\x89PNG\r\n\x1a\n") };

pub const GIF: Kind = Kind {
    mime: "image/gif",
    extensions: &["gif"],
    matches: |head| head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a"),
};

pub const WEBP: Kind = Kind {
    mime: "image/webp",
    extensions: &["webp"],
    matches: |head| head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP"),
};

pub const PDF: Kind =
    Kind { mime: "application/pdf", extensions: &["pdf"], matches: |head| head.starts_with(b"%PDF-") };

/// Nothing here opens it: what is in there is for the programs of those who get it.
pub const ZIP: Kind = Kind { mime: "application/zip", extensions: &["zip"], matches: is_zip };

pub const DOCX: Kind = Kind {
    mime: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    extensions: &["docx"],
    matches: is_zip,
};

pub const XLSX: Kind = Kind {
    mime: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    extensions: &["xlsx"],
    matches: is_zip,
};

/// Text in UTF-8 that is neither markup nor a script.
pub const TEXT: Kind = Kind { mime: "text/plain", extensions: &["txt", "csv", "log", "md"], matches: is_text };

pub const IMAGES: &[Kind] = &[JPEG, PNG, GIF, WEBP];

/// What people send each other. Nothing that a browser would run is among them.
pub const COMMON: &[Kind] = &[JPEG, PNG, GIF, WEBP, PDF, TEXT, DOCX, XLSX, ZIP];

/// Whether browsers show files of this kind instead of keeping them. All others could do something when they are opened.
pub fn is_shown(mime: &str) -> bool {
    IMAGES.iter().any(|kind| kind.mime == mime)
}

/// What files are for: a part for [`kernel::Module::add`]. Each purpose takes some kinds and no others.
#[derive(Clone, Copy, Debug)]
pub struct Purpose {
    /// `module.what`, the same for good: the table holds it.
    pub name: &'static str,
    pub kinds: &'static [Kind],
    pub(crate) max_bytes: Option<u64>,
    pub(crate) is_attached: bool,
}

impl Purpose {
    #[must_use]
    pub const fn new(name: &'static str, kinds: &'static [Kind]) -> Self {
        Self { name, kinds, max_bytes: None, is_attached: false }
    }

    /// Takes smaller files only than `UPLOAD_MAX_BYTES` says.
    #[must_use]
    pub const fn at_most(self, bytes: u64) -> Self {
        Self { max_bytes: Some(bytes), ..self }
    }

    /// Files that belong to something: one that is [attached](crate::attach) to nothing for a day is removed.
    #[must_use]
    pub const fn attached(self) -> Self {
        Self { is_attached: true, ..self }
    }

    /// What a form lets people choose from: `.jpg,.png`.
    #[must_use]
    pub fn accept(&self) -> String {
        let extensions = self.kinds.iter().flat_map(|kind| kind.extensions);
        extensions.map(|extension| format!(".{extension}")).collect::<Vec<_>>().join(",")
    }

    /// The kind of a file that begins like this, and its name, which ends as files of that kind do.
    pub(crate) fn find(&self, head: &[u8], name: &str) -> Result<(Kind, String)> {
        let refuse = |why: &str| Error::Refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, why.to_owned());
        let possible: Vec<_> = self.kinds.iter().filter(|kind| (kind.matches)(head)).collect();
        let first = *possible.first().ok_or_else(|| refuse("Files of this kind are not accepted."))?;
        let Some(extension) = name::extension(name) else {
            let extension = first.extensions.first().copied().unwrap_or("bin");
            return Ok((*first, format!("{name}.{extension}")));
        };
        let kind = possible.into_iter().find(|kind| kind.extensions.contains(&&*extension));
        let kind = kind.ok_or_else(|| refuse("The file is not what the end of its name says."))?;
        Ok((*kind, name.to_owned()))
    }
}

fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04")
}

fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The last character may go on behind the head.
        Err(error) if error.error_len().is_none() => {
            let (text, _) = head.split_at(error.valid_up_to());
            std::str::from_utf8(text).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let begin = text.trim_start_matches('\u{feff}').trim_start();
    let is_other = [JPEG, PNG, GIF, WEBP, PDF, ZIP].iter().any(|kind| (kind.matches)(head));
    let is_odd = |character: char| character.is_control() && !matches!(character, '\t' | '\n' | '\r' | '\x0c');
    !begin.is_empty() && !begin.starts_with('<') && !begin.starts_with("#!") && !is_other && !text.contains(is_odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Purpose = Purpose::new("tests", COMMON);

    fn found(head: &[u8], name: &str) -> Option<(&'static str, String)> {
        ALL.find(head, name).ok().map(|(kind, name)| (kind.mime, name))
    }

    #[test]
    fn the_content_decides_and_the_name_must_fit() {
        let png = b"\x89PNG\r\n\x1a\n0000";
        assert_eq!(found(png, "a.png"), Some(("image/png", "a.png".to_owned())));
        assert_eq!(found(png, "A.PNG"), Some(("image/png", "A.PNG".to_owned())));
        assert_eq!(found(png, "photo"), Some(("image/png", "photo.png".to_owned())));
        for name in ["a.jpg", "a.png.html", "a.png.", "a.svg", "a.txt"] {
            assert_eq!(found(png, name), None, "{name}");
        }
        assert_eq!(found(b"PK\x03\x04....", "a.docx").map(|(mime, _)| mime), Some(DOCX.mime));
        assert_eq!(found(b"PK\x03\x04....", "a.zip").map(|(mime, _)| mime), Some("application/zip"));
        assert_eq!(found(b"PK\x03\x04....", "a.jar"), None);
        assert!(Purpose::new("tests", IMAGES).find(b"%PDF-1.7", "a.pdf").is_err());
    }

    #[test]
    fn text_is_text() {
        for text in ["two bottles", "\u{feff}a;b\r\n1;2", "ü", "# Title\n\ttext"] {
            assert_eq!(found(text.as_bytes(), "a.txt").map(|(mime, _)| mime), Some("text/plain"), "{text}");
        }
        assert!(is_text(&"ü".as_bytes()[..1]) || !is_text(b"\xc3"), "half a character alone is nothing to be seen");
        assert!(is_text(&"aü".as_bytes()[..2]));
        for other in [
            &b""[..],
            b" \n",
            b"<html>",
            b"\xef\xbb\xbf <svg onload=alert(1)>",
            b"#!/bin/sh\nrm -rf /",
            b"MZ\x90\x00",
            b"\x7fELF",
            b"a\x00b",
            b"GIF89a=1;alert(1)",
            b"%PDF-1.7",
            b"\xff\xfea\x00",
            b"a\x1b[31m",
        ] {
            assert!(!is_text(other), "{other:?}");
        }
    }
}
