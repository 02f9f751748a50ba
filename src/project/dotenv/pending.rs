//! What a change appends to a `.env`: everything that can go wrong is known before the change begins.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::{DotenvError, Entry, Value, quote, render};

/// A `.env` that was looked at, and the entries that it lacks.
#[derive(Debug)]
pub struct Pending {
    path: PathBuf,
    entries: Vec<Entry>,
    /// What is appended, and the file that it is appended to.
    text: String,
    file: Result<File, String>,
}

/// What has become of a [`Pending`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Appended {
    /// The variables that the file got.
    pub keys: Vec<String>,
    /// Why it got none although it lacks some, and what to add by hand, in words.
    pub by_hand: Option<String>,
}

impl Pending {
    /// Looks for the entries whose keys a `.env` does not have yet. Where there is no file none will be made: whoever has
    /// cloned a project makes theirs from `.env.example`.
    ///
    /// # Errors
    /// [`DotenvError`]: an entry that no `.env` can hold, or no randomness. A file that cannot be used is none: then
    /// [`Appended`] says what to add by hand.
    pub fn read(path: &Path, entries: &[Entry]) -> Result<Self, DotenvError> {
        let pending = |entries: Vec<Entry>, text, file| Self { path: path.to_path_buf(), entries, text, file };
        let nothing = |why| pending(Vec::new(), String::new(), Err(why));
        if entries.is_empty() {
            return Ok(nothing(String::new()));
        }
        let old = match read(path) {
            Ok(Some(old)) => old,
            Ok(None) => return Ok(nothing(String::new())),
            Err(why) => return Ok(pending(entries.to_vec(), render(entries)?, Err(why))),
        };
        let lines = old.replace("\r\n", "\n");
        let new: Vec<Entry> = entries.iter().filter(|entry| !knows(&lines, &entry.key)).cloned().collect();
        if new.is_empty() {
            return Ok(nothing(String::new()));
        }
        let gap = if lines.is_empty() || lines.ends_with("\n\n") {
            ""
        } else if lines.ends_with('\n') {
            "\n"
        } else {
            "\n\n"
        };
        let text = format!("{gap}{}", render(&new)?);
        let text = if old.contains("\r\n") { text.replace('\n', "\r\n") } else { text };
        Ok(pending(new, text, open(path)))
    }

    /// Appends them. What stands in the file is not touched.
    #[must_use]
    pub fn append(self) -> Appended {
        let written = self.file.and_then(|mut file| append(&mut file, &self.text).map_err(|error| error.to_string()));
        match written {
            Ok(()) => Appended { keys: self.entries.into_iter().map(|entry| entry.key).collect(), by_hand: None },
            Err(why) => Appended { keys: Vec::new(), by_hand: by_hand(&self.path, &self.entries, &why) },
        }
    }
}

/// The text of the file, or why it has none in words that read on after its path.
fn read(path: &Path) -> Result<Option<String>, String> {
    if fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Ok(None);
    }
    let metadata = fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "is a link to nothing".to_owned(),
        _ => format!("cannot be read ({error})"),
    })?;
    if metadata.is_dir() {
        return Err("is a folder".to_owned());
    }
    // A named pipe would be waited for.
    if !metadata.is_file() {
        return Err("is no plain file".to_owned());
    }
    let bytes = fs::read(path).map_err(|error| format!("cannot be read ({error})"))?;
    String::from_utf8(bytes).map(Some).map_err(|_| "is not UTF-8".to_owned())
}

/// Opens the file for what is to come: it stays the same file, with its links, its owner and its rights.
fn open(path: &Path) -> Result<File, String> {
    // Root may write such a file all the same.
    if fs::metadata(path).is_ok_and(|metadata| metadata.permissions().readonly()) {
        return Err("is read-only".to_owned());
    }
    OpenOptions::new().append(true).open(path).map_err(|error| format!("cannot be written ({error})"))
}

fn append(file: &mut File, text: &str) -> io::Result<()> {
    let before = file.metadata()?.len();
    file.write_all(text.as_bytes()).inspect_err(|_| {
        // Half a line would be worse than none.
        let _ = file.set_len(before);
    })
}

/// Whether the text has the key. One that is off, as a comment, is one that somebody knows about.
fn knows(text: &str, key: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start_matches([' ', '\t', '#']);
        let line = line.strip_prefix("export ").unwrap_or(line);
        line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='))
    })
}

fn by_hand(path: &Path, entries: &[Entry], why: &str) -> Option<String> {
    let line = |Entry { key, value, .. }: &Entry| match value {
        Value::Plain(value) => quote(key, value).ok().map(|value| format!("{key}={value}")),
        Value::Secret => Some(format!("{key}=… (64 random hexadecimal digits)")),
        Value::Commented(_) => None,
    };
    let lines: Vec<String> = entries.iter().filter_map(line).collect();
    let (path, lines) = (path.display(), lines.join(", "));
    (!lines.is_empty())
        .then(|| format!("{path} {why}, so it was left alone; the app now reads {lines}: add what is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(keys: &[&str]) -> Vec<Entry> {
        let entry =
            |key: &&str| Entry { key: (*key).to_owned(), about: String::new(), value: Value::Plain("new".to_owned()) };
        keys.iter().map(entry).collect()
    }

    fn appended(path: &Path, keys: &[&str]) -> Appended {
        Pending::read(path, &entries(keys)).expect("valid entries").append()
    }

    #[test]
    fn new_keys_are_appended_and_values_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".env");
        assert_eq!(appended(&path, &["A"]), Appended::default());
        assert!(!path.exists());
        for (old, added) in [
            ("A=mine\n# B=off\nexport C = 'x'", "\n\nD=new\n"),
            ("A=1\r\nB=2\r\n\r\nC=3\r\n", "\r\nD=new\r\n"),
            ("A=1\nB=\nC=\n\n", "D=new\n"),
        ] {
            fs::write(&path, old).expect("written");
            assert_eq!(appended(&path, &["A", "B", "C", "D"]).keys, ["D"]);
            assert_eq!(fs::read_to_string(&path).expect("read"), format!("{old}{added}"));
            assert_eq!(appended(&path, &["A", "D"]), Appended::default());
        }
    }

    #[test]
    fn what_cannot_be_used_is_left_alone_and_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".env");
        fs::create_dir(&path).expect("a folder");
        let told = appended(&path, &["A", "B"]).by_hand.expect("told");
        let shown = path.display();
        assert_eq!(
            told,
            format!("{shown} is a folder, so it was left alone; the app now reads A=new, B=new: add what is missing")
        );
        fs::remove_dir(&path).expect("removed");
        fs::write(&path, b"A=caf\xe9\n").expect("written");
        assert!(appended(&path, &["B"]).by_hand.expect("told").contains("is not UTF-8"));
        assert_eq!(fs::read(&path).expect("read"), b"A=caf\xe9\n");
        fs::write(&path, "A=1\n").expect("written");
        let mut permissions = fs::metadata(&path).expect("a file").permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions).expect("permissions");
        assert!(appended(&path, &["B"]).by_hand.expect("told").contains("is read-only"));
        assert_eq!(appended(&path, &["A"]), Appended::default());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_and_a_pipe_is_not_waited_for() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().expect("a folder");
        let (path, real) = (folder.path().join(".env"), folder.path().join("real"));
        fs::write(&real, "A=1\n").expect("written");
        symlink(&real, &path).expect("a link");
        assert_eq!(appended(&path, &["A", "B"]).keys, ["B"]);
        assert!(path.is_symlink());
        assert_eq!(fs::read_to_string(&real).expect("read"), "A=1\n\nB=new\n");
        fs::remove_file(&real).expect("removed");
        assert!(appended(&path, &["B"]).by_hand.expect("told").contains("is a link to nothing"));
        let made = crate::process::command("mkfifo").arg(&real).status().expect("mkfifo runs");
        assert!(made.success());
        assert!(appended(&path, &["B"]).by_hand.expect("told").contains("is no plain file"));
    }
}
