//! What does a packed chart hold? From `.tgz` bytes to files in memory, with every bound of [`Limits`].
//!
//! Follows Helm's `pkg/chart/loader/archive` where that is safe.
//! Deliberately stricter than Helm: links, devices, sparse files and unknown entry types are refused
//! (Helm reads a link as an empty file), as are a path that occurs twice, extension headers that
//! disagree with the entry they describe, and bytes after the end of the archive.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::sync::Arc;

use tar::EntryType;

use super::File;
use super::gzip::{Gunzip, Refusal};
use crate::limits::Limits;
use crate::path;

/// Why an archive was refused. `path` is the name of the entry as the archive has it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The bytes are not gzip. Helm's text.
    #[error("gzip: invalid header")]
    NotGzip,
    /// The packed chart is larger than [`Limits::compressed_bytes`].
    #[error("the packed chart has {size} bytes, more than the maximum of {limit}")]
    CompressedTooLarge {
        /// Bytes of the archive.
        size: u64,
        /// The bound.
        limit: u64,
    },
    /// The decompressed stream is larger than [`Limits::decompressed_bytes`]. Helm's text.
    #[error("decompressed chart is larger than the maximum size {limit}")]
    DecompressedTooLarge {
        /// The bound.
        limit: u64,
    },
    /// A file is larger than [`Limits::file_bytes`]. Helm's text.
    #[error("decompressed chart file {path:?} is larger than the maximum file size {limit}")]
    FileTooLarge {
        /// The entry.
        path: String,
        /// The bound.
        limit: u64,
    },
    /// An extension header is larger than [`Limits::header_bytes`].
    #[error("the archive has an extension header of {size} bytes, more than the maximum of {limit}")]
    HeaderTooLarge {
        /// Bytes of the header.
        size: u64,
        /// The bound.
        limit: u64,
    },
    /// More entries than [`Limits::entries`].
    #[error("the archive has more than the maximum of {limit} entries")]
    TooManyEntries {
        /// The bound.
        limit: usize,
    },
    /// More gzip members than [`Limits::gzip_members`].
    #[error("the archive has more than the maximum of {limit} gzip members")]
    TooManyMembers {
        /// The bound.
        limit: usize,
    },
    /// Archives are nested deeper than [`Limits::archive_depth`].
    #[error("charts are packed inside charts more than {limit} deep")]
    TooDeep {
        /// The bound.
        limit: usize,
    },
    /// A path is longer than [`Limits::path_bytes`] or deeper than [`Limits::path_components`].
    #[error("the path {path:?} in the archive is too long: at most {bytes} bytes and {components} elements")]
    PathTooLong {
        /// The beginning of the path.
        path: String,
        /// The bound on its length.
        bytes: usize,
        /// The bound on its depth.
        components: usize,
    },
    /// A path is not UTF-8 or holds a NUL.
    #[error("the archive has an entry whose name is not text: {path:?}")]
    UnreadablePath {
        /// The path, as far as it is text.
        path: String,
    },
    /// A path leaves the chart. Helm's texts.
    #[error("{0}")]
    IllegalPath(&'static str),
    /// A file lies beside the chart's directory, not in it. Helm's text.
    #[error("chart illegally contains content outside the base directory: {path:?}")]
    OutsideBaseDirectory {
        /// The entry.
        path: String,
    },
    /// A path occurs twice.
    #[error("the archive holds {path:?} twice")]
    DuplicatePath {
        /// The path inside the chart.
        path: String,
    },
    /// A link, device, sparse file or unknown kind of entry.
    #[error("the archive holds {path:?}, which is {kind}; charts are made of files and directories")]
    UnsupportedEntry {
        /// The entry.
        path: String,
        /// What it is, with article.
        kind: String,
    },
    /// An extension header contradicts the entry it describes, or another one.
    #[error("the archive's headers disagree about {path:?}: {what}")]
    Inconsistent {
        /// The entry.
        path: String,
        /// About what.
        what: &'static str,
    },
    /// Bytes follow the end of the archive.
    #[error("the archive goes on after its end")]
    TrailingBytes,
    /// The archive ends inside an entry, or its checksum is wrong.
    #[error("the archive is damaged: {0}")]
    Damaged(String),
    /// There is no file in it. Helm's text.
    #[error("no files in chart archive")]
    Empty,
}

/// What is left of the bounds that a chart and all archives inside it share.
#[derive(Debug)]
pub(super) struct Budget<'a> {
    pub(super) limits: &'a Limits,
    decompressed: u64,
    entries: usize,
    depth: usize,
}

impl<'a> Budget<'a> {
    pub(super) fn new(limits: &'a Limits) -> Self {
        Self { limits, decompressed: limits.decompressed_bytes, entries: limits.entries, depth: 0 }
    }
}

/// What extension headers said about the entry that follows them.
#[derive(Default)]
struct Announced {
    name: Option<Vec<u8>>,
    size: Option<u64>,
}

/// The files of a packed chart in archive order, without their first path element and any BOM.
pub(super) fn read(archive: &[u8], budget: &mut Budget<'_>) -> Result<Vec<File>, ArchiveError> {
    let limits = budget.limits;
    let size = u64::try_from(archive.len()).unwrap_or(u64::MAX);
    if size > limits.compressed_bytes {
        return Err(ArchiveError::CompressedTooLarge { size, limit: limits.compressed_bytes });
    }
    if budget.depth > limits.archive_depth {
        return Err(ArchiveError::TooDeep { limit: limits.archive_depth });
    }
    let stream = Gunzip::new(archive, limits.gzip_members, &mut budget.decompressed);
    let mut tar = tar::Archive::new(stream);
    let mut files = Vec::new();
    let mut seen = BTreeSet::new();
    let mut announced = Announced::default();
    let entries = tar.entries().map_err(|error| damaged(&error, limits))?;
    for entry in entries.raw(true) {
        let mut entry = entry.map_err(|error| damaged(&error, limits))?;
        if budget.entries == 0 {
            return Err(ArchiveError::TooManyEntries { limit: limits.entries });
        }
        budget.entries -= 1;
        let kind = entry.header().entry_type();
        match kind {
            EntryType::GNULongName => {
                let mut name = extension_header(&mut entry, limits)?;
                if let Some(end) = name.iter().position(|byte| *byte == 0) {
                    name.truncate(end);
                }
                announced.set_name(name)?;
                continue;
            }
            // The target of a link, and links are refused when they come.
            EntryType::GNULongLink => {
                extension_header(&mut entry, limits)?;
                continue;
            }
            EntryType::XHeader => {
                let records = extension_header(&mut entry, limits)?;
                announced.apply(&records)?;
                continue;
            }
            EntryType::XGlobalHeader => {
                let records = extension_header(&mut entry, limits)?;
                refuse_global_overrides(&records)?;
                continue;
            }
            _ => {}
        }
        let announced = std::mem::take(&mut announced);
        let name = announced.name.unwrap_or_else(|| entry.header().path_bytes().into_owned());
        let name = text(name, limits)?;
        let size = entry.header().entry_size().map_err(|error| damaged(&error, limits))?;
        if announced.size.is_some_and(|announced| announced != size) {
            return Err(ArchiveError::Inconsistent { path: name, what: "its size" });
        }
        if is_directory(&entry, kind, &name) {
            if size != 0 {
                return Err(ArchiveError::Inconsistent { path: name, what: "a directory with content" });
            }
            continue;
        }
        if !matches!(kind, EntryType::Regular) {
            return Err(ArchiveError::UnsupportedEntry { path: name, kind: describe(kind) });
        }
        let path = inside_chart(&name, limits)?;
        if size > limits.decompressed_bytes {
            return Err(ArchiveError::DecompressedTooLarge { limit: limits.decompressed_bytes });
        }
        if size > limits.file_bytes {
            return Err(ArchiveError::FileTooLarge { path: name, limit: limits.file_bytes });
        }
        let mut data = Vec::new();
        entry.read_to_end(&mut data).map_err(|error| damaged(&error, limits))?;
        if u64::try_from(data.len()).ok() != Some(size) {
            return Err(ArchiveError::Damaged(format!("{name:?} is cut short")));
        }
        if !seen.insert(path.clone()) {
            return Err(ArchiveError::DuplicatePath { path });
        }
        files.push(File::new(path, without_bom(&data)));
    }
    if announced.name.is_some() || announced.size.is_some() {
        return Err(ArchiveError::Damaged("an extension header describes no entry".to_owned()));
    }
    drain(tar.into_inner(), limits)?;
    if files.is_empty() {
        return Err(ArchiveError::Empty);
    }
    Ok(files)
}

/// What `load` makes of the files of an archive inside the chart, all against the same budget.
pub(super) fn read_nested<T, E: From<ArchiveError>>(
    archive: &[u8],
    budget: &mut Budget<'_>,
    load: impl FnOnce(Vec<File>, &mut Budget<'_>) -> Result<T, E>,
) -> Result<T, E> {
    budget.depth += 1;
    let result = read(archive, budget).map_err(E::from).and_then(|files| load(files, budget));
    budget.depth -= 1;
    result
}

impl Announced {
    fn set_name(&mut self, name: Vec<u8>) -> Result<(), ArchiveError> {
        if self.name.is_some() {
            return Err(ArchiveError::Inconsistent {
                path: String::from_utf8_lossy(&name).into_owned(),
                what: "its name, given twice",
            });
        }
        self.name = Some(name);
        Ok(())
    }

    /// Takes the records of a PAX header.
    fn apply(&mut self, records: &[u8]) -> Result<(), ArchiveError> {
        for record in PaxRecords(records) {
            let (key, value) = record?;
            match key {
                b"path" => self.set_name(value.to_vec())?,
                b"size" => {
                    let size = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                    let size = size.ok_or_else(malformed_pax)?;
                    if self.size.replace(size).is_some() {
                        return Err(ArchiveError::Inconsistent { path: String::new(), what: "a size, given twice" });
                    }
                }
                key if key.starts_with(b"GNU.sparse.") => {
                    return Err(ArchiveError::UnsupportedEntry {
                        path: String::new(),
                        kind: "a sparse file".to_owned(),
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Readers differ in what a global path or size means; Go ignores it, others apply it to every entry.
fn refuse_global_overrides(records: &[u8]) -> Result<(), ArchiveError> {
    for record in PaxRecords(records) {
        let (key, _) = record?;
        if matches!(key, b"path" | b"size") || key.starts_with(b"GNU.sparse.") {
            return Err(ArchiveError::Inconsistent {
                path: String::new(),
                what: "a global header that renames or resizes entries",
            });
        }
    }
    Ok(())
}

/// The `length key=value\n` records of a PAX header.
struct PaxRecords<'a>(&'a [u8]);

impl<'a> Iterator for PaxRecords<'a> {
    type Item = Result<(&'a [u8], &'a [u8]), ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let record = split_record(self.0);
        self.0 = record.map_or(&[], |(_, _, rest)| rest);
        Some(record.map(|(key, value, _)| (key, value)).ok_or_else(malformed_pax))
    }
}

fn split_record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = bytes.iter().position(|byte| *byte == b' ')?;
    let digits = std::str::from_utf8(&bytes[..space]).ok()?;
    if digits.is_empty() || digits.starts_with('0') || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let length: usize = digits.parse().ok()?;
    if length <= space + 1 || length > bytes.len() {
        return None;
    }
    let (record, rest) = bytes.split_at(length);
    let record = record[space + 1..].strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    let (key, value) = (&record[..equals], &record[equals + 1..]);
    (!key.is_empty()).then_some((key, value, rest))
}

fn malformed_pax() -> ArchiveError {
    ArchiveError::Damaged("a PAX header is malformed".to_owned())
}

fn extension_header<R: Read>(entry: &mut tar::Entry<'_, R>, limits: &Limits) -> Result<Vec<u8>, ArchiveError> {
    let size = entry.header().entry_size().map_err(|error| damaged(&error, limits))?;
    if size > limits.header_bytes {
        return Err(ArchiveError::HeaderTooLarge { size, limit: limits.header_bytes });
    }
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes).map_err(|error| damaged(&error, limits))?;
    if u64::try_from(bytes.len()).ok() != Some(size) {
        return Err(ArchiveError::Damaged("an extension header is cut short".to_owned()));
    }
    Ok(bytes)
}

/// Go takes an entry for a directory by its type, by a trailing slash in archives of the oldest
/// format, or by the type bits of its mode.
fn is_directory<R: Read>(entry: &tar::Entry<'_, R>, kind: EntryType, name: &str) -> bool {
    kind.is_dir()
        || (entry.header().as_bytes()[156] == 0 && name.ends_with('/'))
        || entry.header().mode().is_ok_and(|mode| mode & 0o170_000 == 0o040_000)
}

fn describe(kind: EntryType) -> String {
    match kind {
        EntryType::Symlink => "a symbolic link".to_owned(),
        EntryType::Link => "a hard link".to_owned(),
        EntryType::Char | EntryType::Block => "a device".to_owned(),
        EntryType::Fifo => "a pipe".to_owned(),
        EntryType::GNUSparse => "a sparse file".to_owned(),
        kind => format!("an entry of type {:?}", char::from(kind.as_byte())),
    }
}

fn text(name: Vec<u8>, limits: &Limits) -> Result<String, ArchiveError> {
    let unreadable = |name: &[u8]| {
        let head = &name[..name.len().min(limits.path_bytes)];
        ArchiveError::UnreadablePath { path: String::from_utf8_lossy(head).into_owned() }
    };
    if name.contains(&0) {
        return Err(unreadable(&name));
    }
    String::from_utf8(name).map_err(|error| unreadable(error.as_bytes()))
}

/// The path inside the chart, by Helm's rules.
fn inside_chart(name: &str, limits: &Limits) -> Result<String, ArchiveError> {
    let separator = if name.contains('\\') { '\\' } else { '/' };
    let (first, rest) = name.split_once(separator).unwrap_or((name, ""));
    let rest = if separator == '\\' { rest.replace('\\', "/") } else { rest.to_owned() };
    if rest.len() > limits.path_bytes || rest.split('/').count() > limits.path_components {
        let path = name.chars().take(80).collect();
        return Err(ArchiveError::PathTooLong { path, bytes: limits.path_bytes, components: limits.path_components });
    }
    if rest.starts_with('/') {
        return Err(ArchiveError::IllegalPath("chart illegally contains absolute paths"));
    }
    let cleaned = path::clean(&rest);
    if cleaned == "." {
        return Err(ArchiveError::OutsideBaseDirectory { path: name.to_owned() });
    }
    if cleaned.starts_with("..") {
        return Err(ArchiveError::IllegalPath("chart illegally references parent directory"));
    }
    let bytes = cleaned.as_bytes();
    if bytes.len() >= 3 && bytes[0].is_ascii_alphabetic() && &bytes[1..3] == b":/" {
        return Err(ArchiveError::IllegalPath("chart contains illegally named files"));
    }
    if first == "Chart.yaml" {
        return Err(ArchiveError::IllegalPath("chart yaml not in base directory"));
    }
    Ok(cleaned)
}

/// The rest of the stream, so that its checksums are checked too; only padding may be there.
fn drain(mut stream: impl Read, limits: &Limits) -> Result<(), ArchiveError> {
    let mut buffer = vec![0; 8192];
    loop {
        let count = stream.read(&mut buffer).map_err(|error| damaged(&error, limits))?;
        if count == 0 {
            return Ok(());
        }
        if buffer[..count].iter().any(|byte| *byte != 0) {
            return Err(ArchiveError::TrailingBytes);
        }
    }
}

fn damaged(error: &io::Error, limits: &Limits) -> ArchiveError {
    match Refusal::inside(error) {
        Some(Refusal::NotGzip) => ArchiveError::NotGzip,
        Some(Refusal::TooLarge) => ArchiveError::DecompressedTooLarge { limit: limits.decompressed_bytes },
        Some(Refusal::TooManyMembers) => ArchiveError::TooManyMembers { limit: limits.gzip_members },
        Some(Refusal::TrailingBytes) => ArchiveError::TrailingBytes,
        None => ArchiveError::Damaged(error.to_string()),
    }
}

/// Helm takes a UTF-8 byte-order mark off every file.
pub(super) fn without_bom(data: &[u8]) -> Arc<[u8]> {
    data.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(data).into()
}
