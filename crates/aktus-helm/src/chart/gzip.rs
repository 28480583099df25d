//! Reading a gzip stream of any number of members without letting it grow beyond a bound.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;

/// Why a stream was refused; travels inside an [`io::Error`] through the tar reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("too large")]
    TooLarge,
    #[error("too many members")]
    TooManyMembers,
    #[error("not gzip")]
    NotGzip,
    #[error("bytes after the last member")]
    TrailingBytes,
}

impl Refusal {
    fn into_io(self) -> io::Error {
        io::Error::other(self)
    }

    /// The refusal inside an error that came out of a reader on top of [`Gunzip`].
    pub(super) fn inside(error: &io::Error) -> Option<Self> {
        let mut current: Option<&(dyn std::error::Error + 'static)> =
            error.get_ref().map(|inner| inner as &(dyn std::error::Error + 'static));
        while let Some(inner) = current {
            if let Some(refusal) = inner.downcast_ref::<Self>() {
                return Some(*refusal);
            }
            current = match inner.downcast_ref::<io::Error>() {
                Some(inner) => inner.get_ref().map(|inner| inner as &(dyn std::error::Error + 'static)),
                None => inner.source(),
            };
        }
        None
    }
}

/// The decompressed bytes of `archive`, at most `remaining` of them.
pub(super) struct Gunzip<'a, 'b> {
    member: Option<GzDecoder<&'a [u8]>>,
    members: usize,
    most_members: usize,
    remaining: &'b mut u64,
}

impl<'a, 'b> Gunzip<'a, 'b> {
    /// A reader over `archive` that takes what it yields off `remaining`.
    pub(super) fn new(archive: &'a [u8], most_members: usize, remaining: &'b mut u64) -> Self {
        Self { member: Some(GzDecoder::new(archive)), members: 1, most_members, remaining }
    }
}

impl Read for Gunzip<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let Some(mut member) = self.member.take() else {
                return Ok(0);
            };
            if member.header().is_none() && !is_gzip(member.get_ref()) && self.members == 1 {
                return Err(Refusal::NotGzip.into_io());
            }
            // One byte more than allowed is asked for, so that a stream of exactly the bound still ends.
            let most = usize::try_from(self.remaining.saturating_add(1)).unwrap_or(usize::MAX);
            let most = most.min(buffer.len());
            let count = member.read(&mut buffer[..most])?;
            if count > 0 {
                let count_bytes = u64::try_from(count).unwrap_or(u64::MAX);
                if count_bytes > *self.remaining {
                    *self.remaining = 0;
                    return Err(Refusal::TooLarge.into_io());
                }
                *self.remaining -= count_bytes;
                self.member = Some(member);
                return Ok(count);
            }
            let rest = member.into_inner();
            if rest.is_empty() {
                return Ok(0);
            }
            if !is_gzip(rest) {
                return Err(Refusal::TrailingBytes.into_io());
            }
            self.members += 1;
            if self.members > self.most_members {
                return Err(Refusal::TooManyMembers.into_io());
            }
            self.member = Some(GzDecoder::new(rest));
        }
    }
}

/// Whether the bytes begin as Go's `compress/gzip` wants: magic and deflate.
pub(super) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b, 0x08])
}
