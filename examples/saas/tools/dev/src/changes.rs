use std::{path::Path, time::Duration};

use anyhow::Context;
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::{
    sync::mpsc::{self, UnboundedReceiver},
    time::timeout,
};

/// Editors write a file in several steps, and "save all" writes several files: a change is over after a pause.
const PAUSE: Duration = Duration::from_millis(40);

/// The folders that the application is made of.
const FOLDERS: [&str; 3] = ["app", "modules", "platform"];

/// The files in the project's folder itself that matter.
const FILES: [&str; 3] = [".env", "Cargo.lock", "Cargo.toml"];

/// What happens to the files of the project.
pub struct Changes {
    events: UnboundedReceiver<()>,
    _watcher: RecommendedWatcher,
}

impl Changes {
    pub fn watch(root: &Path) -> anyhow::Result<Self> {
        let (sender, events) = mpsc::unbounded_channel();
        let mut watcher = notify::recommended_watcher({
            let root = root.to_owned();
            move |event: notify::Result<Event>| {
                if event.is_ok_and(|event| matters(&event, &root)) {
                    // Nobody listens any more when this program is about to end.
                    let _ = sender.send(());
                }
            }
        })?;
        watcher.watch(root, RecursiveMode::NonRecursive).context("the project's folder cannot be watched")?;
        for folder in FOLDERS {
            let outcome = watcher.watch(&root.join(folder), RecursiveMode::Recursive);
            outcome.with_context(|| format!("`{folder}` cannot be watched"))?;
        }
        Ok(Self { events, _watcher: watcher })
    }

    /// Waits for a change, and for its end.
    pub async fn next(&mut self) {
        self.events.recv().await;
        while timeout(PAUSE, self.events.recv()).await == Ok(Some(())) {}
    }
}

fn matters(event: &Event, root: &Path) -> bool {
    let kind = event.kind;
    (kind.is_create() || kind.is_modify() || kind.is_remove())
        && event.paths.iter().any(|path| {
            FOLDERS.iter().any(|folder| path.starts_with(root.join(folder)))
                || FILES.iter().any(|file| *path == root.join(file))
        })
}
