//! A file arrives.
//!
//! The handler of a request is dropped when its client leaves, wherever it waits. So it only hands on what it reads: a task of its
//! own has the row, the room and the file, and brings all of them to an end, whatever becomes of the request.

use anyhow::Context;
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode, header},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use futures_util::{Stream, StreamExt, stream};
use kernel::{AppState, Error, Result, database};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::{
    Purpose,
    file::{self, Arrived, File, Reservation},
    gate::Gate,
    kind::{HEAD, Kind},
    multipart::{self, Form, Part},
    name,
    owner::Owner,
    settings::UploadSettings,
    store::{Sink, Storage},
};

/// How many pieces wait for the store. A client that is faster waits, too.
const WAITING: usize = 2;

/// What a request says about the file that it brings.
#[derive(Clone, Debug)]
pub struct Upload {
    pub purpose: Purpose,
    pub name: String,
    /// How many bytes will come at most, where that is known.
    pub announced: Option<u64>,
    /// The hash that the content must have.
    pub sha256: Option<[u8; 32]>,
}

/// The hash in a header `Content-Digest` (RFC 9530): `sha-256=:…:`, among others perhaps.
pub fn read_digest(header: &str) -> Result<[u8; 32]> {
    let values = header.split(',').filter_map(|one| one.trim().strip_prefix("sha-256=:")?.strip_suffix(':'));
    let mut hashes = values.filter_map(|value| BASE64_STANDARD.decode(value).ok()?.try_into().ok());
    let advice = "The header `Content-Digest` holds no `sha-256=:…:`.";
    hashes.next().ok_or_else(|| Error::Refused(StatusCode::BAD_REQUEST, advice.to_owned()))
}

enum Piece {
    Bytes(Bytes),
    /// The request has come to its end. Without this, it broke off.
    End,
}

/// Receives a file, and returns when it is safe.
///
/// # Errors
///
/// Says what is wrong with the file. Then there is nothing of it.
pub async fn receive(
    state: &AppState,
    owner: Owner,
    upload: Upload,
    content: impl Stream<Item = Result<Bytes>> + Send,
) -> Result<File> {
    let (sender, pieces) = mpsc::channel(WAITING);
    let task = tokio::spawn(keep(state.clone(), owner.id(), upload, pieces));
    let mut content = std::pin::pin!(content);
    loop {
        let piece = tokio::select! {
            piece = content.next() => piece.transpose().map(|bytes| bytes.map_or(Piece::End, Piece::Bytes)),
            // The task has found a fault, and needs no more to say so.
            () = sender.closed() => break,
        };
        let piece = match piece {
            Ok(piece) => piece,
            // The task finds out, as it does when all of this is dropped.
            Err(error) => {
                drop(sender);
                let _ = task.await;
                return Err(error);
            }
        };
        let is_end = matches!(piece, Piece::End);
        if sender.send(piece).await.is_err() || is_end {
            break;
        }
    }
    task.await.context("the task that keeps a file panicked")?
}

/// Receives the file of a form: its field `file`.
///
/// # Errors
///
/// Says what is wrong with the form or the file. Then there is nothing of it.
pub async fn receive_form(
    state: &AppState,
    owner: Owner,
    purpose: Purpose,
    headers: &HeaderMap,
    body: Body,
) -> Result<File> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut form = Form::new(content_type, Box::pin(pieces(body)))?;
    let choose = || Error::Invalid([("file", "Choose a file.".to_owned())].into());
    let name = loop {
        match form.next().await?.ok_or_else(choose)? {
            Part { name, file_name: Some(file) } if name == "file" && !file.is_empty() => break file,
            _ => {}
        }
    };
    let limit = limit(state, &purpose);
    // What the form has besides belongs to no file.
    let fits = |length: u64| length <= limit.saturating_add(multipart::BESIDES as u64);
    let announced = length(headers).map(|length| if fits(length) { length.min(limit) } else { length });
    let upload = Upload { purpose, name, announced, sha256: None };
    let content = stream::unfold(&mut form, async |form| Some((form.chunk().await.transpose()?, form)));
    receive(state, owner, upload, content).await
}

/// How long a body is, where its client says so.
pub fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A body as it arrives.
pub fn pieces(body: Body) -> impl Stream<Item = Result<Bytes>> + Send {
    body.into_data_stream().map(|piece| piece.map_err(|_| broken_off()))
}

fn limit(state: &AppState, purpose: &Purpose) -> u64 {
    let settings: &UploadSettings = state.config.settings();
    purpose.max_bytes.unwrap_or(u64::MAX).min(settings.max_bytes)
}

/// The life of a file until it is complete, or gone.
async fn keep(state: AppState, owner: Uuid, upload: Upload, mut pieces: mpsc::Receiver<Piece>) -> Result<File> {
    let place = state.service::<Gate>().enter(owner)?;
    let limit = limit(&state, &upload.purpose);
    if upload.announced.is_some_and(|announced| announced > limit) {
        return Err(too_large(limit));
    }
    let bytes = upload.announced.unwrap_or(limit);
    let reservation = Reservation { owner, purpose: upload.purpose.name, bytes };
    let id = file::reserve(&state, &reservation).await?;
    let outcome = write(&state, id, &upload, bytes, &mut pieces).await;
    let outcome = match outcome {
        Ok(arrived) => file::complete(&state, id, &arrived).await,
        Err(error) => Err(error),
    };
    if outcome.is_err()
        && let Err(error) = discard(&state, id).await
    {
        tracing::error!(file = %id, "what arrived of a file cannot be removed, and is tried again within the hour: {error:#}");
    }
    drop(place);
    outcome
}

/// Removes a file with its row. What is left when this fails is marked for the next sweep.
pub async fn discard(state: &AppState, id: Uuid) -> anyhow::Result<()> {
    let mut transaction = database::begin(&state.db).await?;
    file::mark(&mut transaction, id).await?;
    transaction.commit().await?;
    state.service::<Storage>().0.delete(state, id).await?;
    Ok(file::forget(&state.db, id).await?)
}

async fn write(
    state: &AppState,
    id: Uuid,
    upload: &Upload,
    limit: u64,
    pieces: &mut mpsc::Receiver<Piece>,
) -> Result<Arrived> {
    let mut head = Vec::new();
    let mut is_complete = false;
    while head.len() < HEAD && !is_complete {
        match pieces.recv().await {
            Some(Piece::Bytes(bytes)) => head.extend_from_slice(&bytes),
            Some(Piece::End) => is_complete = true,
            None => return Err(broken_off()),
        }
    }
    if head.is_empty() {
        return Err(Error::Invalid([("file", "The file is empty.".to_owned())].into()));
    }
    let begin = head.get(..HEAD).unwrap_or(&head);
    let (Kind { mime, .. }, name) = upload.purpose.find(begin, &name::clean(&upload.name))?;
    let sink = state.service::<Storage>().0.create(state, id, limit).await?;
    let mut writing = Writing { sink, hash: Sha256::new(), size: 0, limit };
    writing.add(head.into()).await?;
    while !is_complete {
        match pieces.recv().await {
            Some(Piece::Bytes(bytes)) => writing.add(bytes).await?,
            Some(Piece::End) => is_complete = true,
            None => return Err(broken_off()),
        }
    }
    let Writing { sink, hash, size, .. } = writing;
    let hash: [u8; 32] = hash.finalize().into();
    if upload.sha256.is_some_and(|wanted| wanted != hash) {
        let advice = "The content has another hash than `Content-Digest` says.";
        return Err(Error::Refused(StatusCode::UNPROCESSABLE_ENTITY, advice.to_owned()));
    }
    sink.finish().await?;
    let sha256 = hash.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    Ok(Arrived { name, kind: mime, size, sha256 })
}

struct Writing {
    sink: Box<dyn Sink>,
    hash: Sha256,
    size: u64,
    limit: u64,
}

impl Writing {
    async fn add(&mut self, bytes: Bytes) -> Result<()> {
        self.size += u64::try_from(bytes.len())?;
        if self.size > self.limit {
            return Err(too_large(self.limit));
        }
        self.hash.update(&bytes);
        self.sink.write(bytes).await
    }
}

fn too_large(limit: u64) -> Error {
    let limit = file::readable(i64::try_from(limit).unwrap_or(i64::MAX));
    Error::Refused(StatusCode::PAYLOAD_TOO_LARGE, format!("A file may have {limit} at most."))
}

/// Nobody gets to read this: whoever sent the file has gone.
fn broken_off() -> Error {
    Error::Refused(StatusCode::BAD_REQUEST, "The file broke off.".to_owned())
}
