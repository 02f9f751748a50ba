//! Files as objects. What is larger than a part goes in parts, of which one fills while another is on its way.

use std::{io, ops::Range, sync::Arc};

use anyhow::Context;
use axum::{
    body::Bytes,
    http::{Method, StatusCode, header},
};
use futures_util::{StreamExt, TryStreamExt};
use kernel::{AppState, BoxFuture, Error, Result};
use tokio_util::task::AbortOnDropHandle;
use uploads::{Content, Sink, Store};
use uuid::Uuid;

use crate::{
    PART,
    bucket::{Ask, Bucket, Refusal, tags},
};

/// How many parts an object may have.
const PARTS: u64 = 10_000;

#[derive(Debug)]
pub struct S3(Arc<Bucket>);

impl S3 {
    pub fn new(bucket: Bucket) -> Self {
        Self(Arc::new(bucket))
    }

    fn object(&self, id: Uuid) -> String {
        format!("{}{id}", self.0.prefix)
    }

    /// The uploads that have begun, of objects whose names begin like this: their objects and ids.
    async fn begun(&self, state: &AppState, prefix: &str) -> anyhow::Result<Vec<(String, String)>> {
        let outcome = self.0.ask_text(state, &Ask::new(Method::GET, "", &[("prefix", prefix), ("uploads", "")])).await;
        let answer = match outcome {
            // Some say so where there are none.
            Err(error) if error.downcast_ref().is_some_and(|Refusal { code, .. }| code == "NoSuchUpload") => {
                return Ok(Vec::new());
            }
            outcome => outcome?,
        };
        let uploads = tags(&answer, "Upload").into_iter();
        Ok(uploads.map(|upload| (tags(upload, "Key").concat(), tags(upload, "UploadId").concat())).collect())
    }

    fn id_of(&self, object: &str) -> Option<Uuid> {
        object.strip_prefix(&*self.0.prefix)?.parse().ok()
    }
}

impl Store for S3 {
    fn create<'a>(&'a self, state: &'a AppState, id: Uuid, size: u64) -> BoxFuture<'a, Result<Box<dyn Sink>>> {
        Box::pin(async move {
            if size > PARTS * PART as u64 {
                let advice = "This is more than the storage takes.".to_owned();
                return Err(Error::Refused(StatusCode::PAYLOAD_TOO_LARGE, advice));
            }
            let sink: Box<dyn Sink> = Box::new(Sending {
                state: state.clone(),
                bucket: Arc::clone(&self.0),
                object: self.object(id),
                buffer: Vec::new(),
                upload: None,
                tags: Vec::new(),
                running: None,
            });
            Ok(sink)
        })
    }

    fn open<'a>(&'a self, state: &'a AppState, id: Uuid, range: Range<u64>) -> BoxFuture<'a, Result<Content>> {
        Box::pin(async move {
            let object = self.object(id);
            let range = format!("bytes={}-{}", range.start, range.end.saturating_sub(1));
            let ask = Ask { range: Some(range), ..Ask::new(Method::GET, &object, &[]) };
            let answer = self.0.ask(state, &ask).await?;
            Ok(answer.into_body().into_data_stream().map_err(io::Error::other).boxed())
        })
    }

    fn delete<'a>(&'a self, state: &'a AppState, id: Uuid) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async move {
            let object = self.object(id);
            for (object, upload) in self.begun(state, &object).await? {
                self.0.ask(state, &Ask::new(Method::DELETE, &object, &[("uploadId", &upload)])).await?;
            }
            self.0.ask(state, &Ask::new(Method::DELETE, &object, &[])).await?;
            Ok(())
        })
    }

    fn list<'a>(&'a self, state: &'a AppState) -> BoxFuture<'a, anyhow::Result<Vec<Uuid>>> {
        Box::pin(async move {
            let prefix = &*self.0.prefix;
            let begun = self.begun(state, prefix).await?;
            let mut found: Vec<Uuid> = begun.iter().filter_map(|(object, _)| self.id_of(object)).collect();
            let mut next = String::new();
            loop {
                let mut query = vec![("list-type", "2"), ("prefix", prefix)];
                if !next.is_empty() {
                    query.insert(0, ("continuation-token", &next));
                }
                let answer = self.0.ask_text(state, &Ask::new(Method::GET, "", &query)).await?;
                found.extend(tags(&answer, "Key").into_iter().filter_map(|object| self.id_of(object)));
                match tags(&answer, "NextContinuationToken").first() {
                    Some(token) => (*token).clone_into(&mut next),
                    None => return Ok(found),
                }
            }
        })
    }

    fn check<'a>(&'a self, state: &'a AppState) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async move {
            self.0.ask(state, &Ask::new(Method::HEAD, "", &[])).await.context("the bucket cannot be used")?;
            Ok(())
        })
    }
}

/// An object that is sent. Nothing of it is there for others until it is finished.
struct Sending {
    state: AppState,
    bucket: Arc<Bucket>,
    object: String,
    /// The part that fills.
    buffer: Vec<u8>,
    /// The id of the upload, if the object has more than one part.
    upload: Option<String>,
    /// What the storage calls the parts that it has.
    tags: Vec<String>,
    /// The part that is on its way.
    running: Option<AbortOnDropHandle<anyhow::Result<String>>>,
}

impl Sending {
    /// Sends what has filled, when the part before it has arrived.
    async fn send_part(&mut self) -> anyhow::Result<()> {
        if self.upload.is_none() {
            let ask = Ask::new(Method::POST, &self.object, &[("uploads", "")]);
            let answer = self.bucket.ask_text(&self.state, &ask).await?;
            let upload = tags(&answer, "UploadId").first().copied().context("the storage begins no upload")?;
            self.upload = Some(upload.to_owned());
        }
        let upload = self.upload.clone().unwrap_or_default();
        self.wait().await?;
        let part = (self.tags.len() + 1).to_string();
        let body: Bytes = std::mem::take(&mut self.buffer).into();
        let (state, bucket, object) = (self.state.clone(), Arc::clone(&self.bucket), self.object.clone());
        let task = async move {
            let query = [("partNumber", &*part), ("uploadId", &*upload)];
            let ask = Ask { body, ..Ask::new(Method::PUT, &object, &query) };
            let answer = bucket.ask(&state, &ask).await?;
            let tag = answer.headers().get(header::ETAG).context("the storage does not name the part")?;
            Ok(tag.to_str()?.to_owned())
        };
        self.running = Some(AbortOnDropHandle::new(tokio::spawn(task)));
        Ok(())
    }

    async fn wait(&mut self) -> anyhow::Result<()> {
        if let Some(running) = self.running.take() {
            self.tags.push(running.await??);
        }
        Ok(())
    }

    async fn end(mut self: Box<Self>) -> anyhow::Result<()> {
        if self.upload.is_none() {
            let body = std::mem::take(&mut self.buffer).into();
            self.bucket.ask(&self.state, &Ask { body, ..Ask::new(Method::PUT, &self.object, &[]) }).await?;
            return Ok(());
        }
        if !self.buffer.is_empty() {
            self.send_part().await?;
        }
        self.wait().await?;
        let part = |(number, tag): (usize, &String)| {
            format!("<Part><PartNumber>{}</PartNumber><ETag>{tag}</ETag></Part>", number + 1)
        };
        let parts = self.tags.iter().enumerate().map(part).collect::<Vec<_>>().concat();
        let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>").into();
        let query = [("uploadId", self.upload.as_deref().unwrap_or_default())];
        self.bucket.ask_text(&self.state, &Ask { body, ..Ask::new(Method::POST, &self.object, &query) }).await?;
        Ok(())
    }
}

impl Sink for Sending {
    fn write(&mut self, mut bytes: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            while !bytes.is_empty() {
                if self.buffer.capacity() == 0 {
                    self.buffer.reserve_exact(PART);
                }
                let piece = bytes.split_to(bytes.len().min(PART - self.buffer.len()));
                self.buffer.extend_from_slice(&piece);
                if self.buffer.len() == PART {
                    self.send_part().await?;
                }
            }
            Ok(())
        })
    }

    fn finish(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move { Ok(self.end().await?) })
    }
}
