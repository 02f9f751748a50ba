//! Files in a folder of this machine.

use std::{
    io::{self, ErrorKind, SeekFrom},
    ops::Range,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use axum::{body::Bytes, http::StatusCode};
use futures_util::{StreamExt, stream};
use kernel::{AppState, BoxFuture, Config, Db, Error, Result};
use tokio::{
    fs::{self, File},
    io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt},
};
use uuid::Uuid;

use crate::{
    settings::UploadSettings,
    store::{Content, Sink, Storage, Store},
};

/// How much of a file is read at a time.
const PIECE: u64 = 64 * 1024;

/// What has arrived in part stands in `tmp`, and what is complete in folders named after the last two digits of its id.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    reserve: u64,
}

/// Files in the folder of `UPLOADS_FOLDER`.
///
/// # Errors
///
/// Never: a folder that cannot be used is no reason not to start.
pub fn storage(config: &Config, _: &Db) -> anyhow::Result<Storage> {
    let settings: &UploadSettings = config.settings();
    Ok(Storage(Box::new(Folder { path: settings.folder.clone(), reserve: settings.reserve })))
}

impl Folder {
    fn temporary(&self) -> PathBuf {
        self.path.join("tmp")
    }

    fn part(&self, id: Uuid) -> PathBuf {
        self.temporary().join(format!("{id}.part"))
    }

    fn file(&self, id: Uuid) -> PathBuf {
        let id = id.to_string();
        self.path.join(&id[id.len() - 2..]).join(&id)
    }

    /// Fails where the disk would be too full for others.
    fn check_room(&self, size: u64) -> Result<()> {
        let free = fs4::available_space(&self.path)?;
        if free < size.saturating_add(self.reserve) { Err(full()) } else { Ok(()) }
    }
}

impl Store for Folder {
    fn create<'a>(&'a self, _: &'a AppState, id: Uuid, size: u64) -> BoxFuture<'a, Result<Box<dyn Sink>>> {
        Box::pin(async move {
            fs::create_dir_all(self.temporary()).await?;
            self.check_room(size)?;
            let (path, target) = (self.part(id), self.file(id));
            let file = File::create_new(&path).await?;
            let sink: Box<dyn Sink> = Box::new(Part { file, path, target });
            Ok(sink)
        })
    }

    fn open<'a>(&'a self, _: &'a AppState, id: Uuid, range: Range<u64>) -> BoxFuture<'a, Result<Content>> {
        Box::pin(async move {
            let mut file = File::open(self.file(id)).await?;
            file.seek(SeekFrom::Start(range.start)).await?;
            let left = range.end.saturating_sub(range.start);
            Ok(stream::try_unfold((file, left), |(file, left)| read(file, left)).boxed())
        })
    }

    fn delete<'a>(&'a self, _: &'a AppState, id: Uuid) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async move {
            for path in [self.part(id), self.file(id)] {
                match fs::remove_file(&path).await {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
                    _ => {}
                }
            }
            Ok(())
        })
    }

    fn list<'a>(&'a self, _: &'a AppState) -> BoxFuture<'a, anyhow::Result<Vec<Uuid>>> {
        Box::pin(async move {
            let mut found = Vec::new();
            for folder in entries(&self.path).await? {
                for file in entries(&folder).await? {
                    let name = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
                    found.extend(name.parse::<Uuid>().ok());
                }
            }
            Ok(found)
        })
    }

    fn check<'a>(&'a self, _: &'a AppState) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async move {
            let (folder, shown) = (self.temporary(), self.path.display());
            fs::create_dir_all(&folder).await.with_context(|| format!("{shown} cannot be written to"))?;
            let test = folder.join(format!("{}.test", Uuid::new_v4()));
            fs::write(&test, b"test").await.with_context(|| format!("{shown} cannot be written to"))?;
            fs::remove_file(&test).await?;
            ensure!(self.check_room(0).is_ok(), "the disk of {shown} has less room than UPLOADS_DISK_RESERVE_BYTES");
            Ok(())
        })
    }
}

async fn read(mut file: File, left: u64) -> io::Result<Option<(Bytes, (File, u64))>> {
    if left == 0 {
        return Ok(None);
    }
    let mut piece = Vec::new();
    let length = (&mut file).take(left.min(PIECE)).read_to_end(&mut piece).await?;
    if length == 0 {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    let left = left.saturating_sub(u64::try_from(length).unwrap_or(u64::MAX));
    Ok(Some((piece.into(), (file, left))))
}

/// What is in a folder, if it is one.
async fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = match fs::read_dir(folder).await {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        found.push(entry.path());
    }
    Ok(found)
}

struct Part {
    file: File,
    path: PathBuf,
    target: PathBuf,
}

impl Sink for Part {
    fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.file.write_all(&bytes).await.map_err(explain) })
    }

    fn finish(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            self.file.flush().await.map_err(explain)?;
            self.file.sync_all().await.map_err(explain)?;
            let folder = self.target.parent().unwrap_or(&self.path).to_owned();
            fs::create_dir_all(&folder).await?;
            fs::rename(&self.path, &self.target).await?;
            // The new name is safe when the folder is.
            #[cfg(unix)]
            File::open(&folder).await?.sync_all().await?;
            Ok(())
        })
    }
}

fn explain(error: io::Error) -> Error {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => full(),
        _ => error.into(),
    }
}

fn full() -> Error {
    tracing::error!("the disk has no room for files");
    Error::Refused(StatusCode::INSUFFICIENT_STORAGE, "There is no room for files at the moment.".to_owned())
}
