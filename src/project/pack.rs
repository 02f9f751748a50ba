//! The objects of a first commit as one git pack with its index.
//!
//! A loose object costs a temporary file and a rename; at thousands of files that takes longer than writing the files
//! themselves. libgit2's own pack builder reads every object back, looks for deltas that a new project does not have, and
//! indexes by inflating all of it again. Here the pack is made from the tree in memory, each file hashed and compressed
//! once, on all cores. The formats are git's: see gitformat-pack(5).

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use git2::Oid;
use sha1::{Digest, Sha1};

use super::{hex, parallel};
use crate::tree::FileTree;

/// Content from this many bytes on is compressed straight into the pack, and not in memory beside all the rest.
const LARGE: usize = 4 << 20;

/// Offsets from here on stand in a table of their own in the index.
const FAR: u64 = 1 << 31;

/// The ids of what a pack holds.
#[derive(Debug)]
pub(super) struct Packed {
    /// Every file, in the order of the tree.
    pub files: Vec<Oid>,
}

/// Writes the files and folders of `tree` as one pack into `folder`, the `objects/pack` of a repository.
pub(super) fn write(folder: &Path, tree: &FileTree) -> io::Result<Packed> {
    let files: Vec<_> = tree.iter().collect();
    let mut objects = parallel::map(&files, |(_, file)| Object::new(Kind::Blob, &file.bytes))?;
    let leaves: Vec<_> = files
        .iter()
        .zip(&objects)
        .map(|((path, file), object)| Leaf { path: path.as_str(), executable: file.executable, id: object.id })
        .collect();
    pack_folder(&leaves, 0, &mut objects)?;

    let id = |id: &[u8; 20]| Oid::from_bytes(id).map_err(io::Error::other);
    let packed = Packed { files: leaves.iter().map(|leaf| id(&leaf.id)).collect::<Result<_, _>>()? };
    // Files with the same content are one object.
    let mut seen = HashSet::new();
    objects.retain(|object| seen.insert(object.id));
    write_pack(folder, &objects)?;
    Ok(packed)
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Tree = 2,
    Blob = 3,
}

/// An object, ready to be written.
struct Object<'a> {
    id: [u8; 20],
    entry: Entry<'a>,
}

enum Entry<'a> {
    /// As it stands in the pack, and its checksum.
    Done { bytes: Vec<u8>, crc: u32 },
    /// A blob that is too large to be compressed in memory.
    Large(&'a [u8]),
}

impl<'a> Object<'a> {
    fn new(kind: Kind, content: &'a [u8]) -> io::Result<Self> {
        let name = match kind {
            Kind::Tree => "tree",
            Kind::Blob => "blob",
        };
        let mut hash = Sha1::new();
        hash.update(format!("{name} {}\0", content.len()));
        hash.update(content);
        let id = hash.finalize().into();
        let entry = if content.len() < LARGE {
            let bytes = compress(Vec::with_capacity(content.len() / 3 + 32), kind, content)?;
            let mut crc = Crc::new();
            crc.update(&bytes);
            Entry::Done { bytes, crc: crc.sum() }
        } else {
            Entry::Large(content)
        };
        Ok(Self { id, entry })
    }
}

/// Writes an object as it stands in a pack: kind and size in groups of seven bits, then the content through zlib.
fn compress<W: Write>(mut to: W, kind: Kind, content: &[u8]) -> io::Result<W> {
    let mut size = content.len();
    let mut byte = (kind as u8) << 4 | low_bits(size, 4);
    size >>= 4;
    while size > 0 {
        to.write_all(&[byte | 0x80])?;
        byte = low_bits(size, 7);
        size >>= 7;
    }
    to.write_all(&[byte])?;
    // The lowest level, as for git's loose objects: the second cut of the size costs four times as long.
    let mut zlib = ZlibEncoder::new(to, Compression::fast());
    zlib.write_all(content)?;
    zlib.finish()
}

fn low_bits(number: usize, bits: u32) -> u8 {
    u8::try_from(number & ((1 << bits) - 1)).unwrap_or(u8::MAX)
}

/// A file in its folder.
struct Leaf<'a> {
    path: &'a str,
    executable: bool,
    id: [u8; 20],
}

/// Adds the folder that holds all of `leaves` and the folders in it to `objects`; `depth` is the length of its path with
/// the `/` behind it. Returns its id.
fn pack_folder(mut leaves: &[Leaf<'_>], depth: usize, objects: &mut Vec<Object<'_>>) -> io::Result<[u8; 20]> {
    let mut entries = Vec::new();
    while let Some(first) = leaves.first() {
        let rest = &first.path[depth..];
        let (name, length) = match rest.find('/') {
            None => (rest, 1),
            // Paths are sorted, so what shares a folder stands together.
            Some(end) => {
                let name = &rest[..=end];
                (name, leaves.partition_point(|leaf| leaf.path[depth..].starts_with(name)))
            }
        };
        let (these, others) = leaves.split_at(length);
        let (mode, id) = match name.strip_suffix('/') {
            Some(_) => ("40000", pack_folder(these, depth + name.len(), objects)?),
            None if first.executable => ("100755", first.id),
            None => ("100644", first.id),
        };
        entries.push((name, mode, id));
        leaves = others;
    }
    // Git compares the names of folders as if they ended in a slash, which these do.
    entries.sort_unstable_by_key(|(name, ..)| *name);
    let mut content = Vec::new();
    for (name, mode, id) in entries {
        content.extend_from_slice(format!("{mode} {}\0", name.trim_end_matches('/')).as_bytes());
        content.extend_from_slice(&id);
    }
    let Object { id, entry } = Object::new(Kind::Tree, &content)?;
    let Entry::Done { bytes, crc } = entry else {
        return Err(io::Error::other("a folder has too many files"));
    };
    objects.push(Object { id, entry: Entry::Done { bytes, crc } });
    Ok(id)
}

/// A pack that is being written; what goes through here is counted and summed up.
struct Pack {
    file: BufWriter<File>,
    hash: Sha1,
    crc: Crc,
    length: u64,
}

impl Write for Pack {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_all(bytes)?;
        self.hash.update(bytes);
        self.crc.update(bytes);
        self.length += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Where an object stands in the pack.
struct Place {
    id: [u8; 20],
    crc: u32,
    offset: u64,
}

fn write_pack(folder: &Path, objects: &[Object<'_>]) -> io::Result<()> {
    let count = u32::try_from(objects.len()).map_err(io::Error::other)?;
    let unfinished = folder.join("tmp_pack_neoforge");
    let mut pack = Pack { file: create(&unfinished)?, hash: Sha1::new(), crc: Crc::new(), length: 0 };
    pack.write_all(b"PACK\0\0\0\x02")?;
    pack.write_all(&count.to_be_bytes())?;
    let mut places = Vec::with_capacity(objects.len());
    for Object { id, entry } in objects {
        let offset = pack.length;
        let crc = match entry {
            Entry::Done { bytes, crc } => {
                pack.write_all(bytes)?;
                *crc
            }
            Entry::Large(content) => {
                pack.crc.reset();
                compress(&mut pack, Kind::Blob, content)?;
                pack.crc.sum()
            }
        };
        places.push(Place { id: *id, crc, offset });
    }
    let Pack { mut file, hash, .. } = pack;
    let sum: [u8; 20] = hash.finalize().into();
    file.write_all(&sum)?;
    file.flush()?;
    drop(file);

    let name = hex(&sum);
    // The index last: git takes a pack for there when it sees the index.
    fs::rename(unfinished, folder.join(format!("pack-{name}.pack")))?;
    places.sort_unstable_by_key(|place| place.id);
    let mut file = create(&folder.join(format!("pack-{name}.idx")))?;
    file.write_all(&index(&places, &sum)?)?;
    file.flush()
}

/// The index of a pack, version 2.
fn index(places: &[Place], pack: &[u8; 20]) -> io::Result<Vec<u8>> {
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    for first in 0..=u8::MAX {
        let until = places.partition_point(|place| place.id[0] <= first);
        index.extend(u32::try_from(until).map_err(io::Error::other)?.to_be_bytes());
    }
    index.extend(places.iter().flat_map(|place| place.id));
    index.extend(places.iter().flat_map(|place| place.crc.to_be_bytes()));
    let mut far = Vec::new();
    for place in places {
        let near = match u32::try_from(place.offset) {
            Ok(offset) if place.offset < FAR => offset,
            _ => {
                far.push(place.offset);
                1 << 31 | u32::try_from(far.len() - 1).map_err(io::Error::other)?
            }
        };
        index.extend(near.to_be_bytes());
    }
    index.extend(far.iter().flat_map(|offset| offset.to_be_bytes()));
    index.extend(pack);
    let sum: [u8; 20] = Sha1::digest(&index).into();
    index.extend(sum);
    Ok(index)
}

/// A new file that is only read from then on, as git makes its packs.
fn create(path: &Path) -> io::Result<BufWriter<File>> {
    let mut open = OpenOptions::new();
    open.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o444);
    Ok(BufWriter::with_capacity(1 << 18, open.open(path)?))
}
