//! Archives that depend on nothing but their contents: fixed times, owners, order.

use std::io::{Cursor, Write as _};

use anyhow::Result;
use flate2::{Compression, GzBuilder};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::build::TIMESTAMP;

/// Above 9 Zopfli compresses, which gains 3 %; so many times it looks for a shorter encoding. More gain nothing.
const LEVEL: i64 = 9 + 5;

/// A file of an archive.
pub(super) struct Entry<'a> {
    pub(super) path: String,
    pub(super) bytes: &'a [u8],
    pub(super) executable: bool,
}

impl Entry<'_> {
    const fn mode(&self) -> u32 {
        if self.executable { 0o755 } else { 0o644 }
    }
}

/// A zip archive, as Lambda takes it.
pub(super) fn zip(entries: &[Entry<'_>]) -> Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for entry in entries {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(LEVEL))
            // Whole files at once: it compresses what it is given by itself.
            .with_zopfli_buffer(None)
            .last_modified_time(DateTime::default())
            .unix_permissions(entry.mode());
        archive.start_file(entry.path.as_str(), options)?;
        archive.write_all(entry.bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// A compressed tar archive.
pub(super) fn tar(entries: &[Entry<'_>]) -> Result<Vec<u8>> {
    let compressed = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    let mut archive = tar::Builder::new(compressed);
    for entry in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(u64::try_from(entry.bytes.len())?);
        header.set_mode(entry.mode());
        header.set_mtime(TIMESTAMP);
        header.set_uid(0);
        header.set_gid(0);
        archive.append_data(&mut header, &entry.path, entry.bytes)?;
    }
    Ok(archive.into_inner()?.finish()?)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn entries() -> [Entry<'static>; 2] {
        [
            Entry { path: "a/run".to_owned(), bytes: b"#!/bin/sh\n", executable: true },
            Entry { path: "a/README.md".to_owned(), bytes: b"Read me\n", executable: false },
        ]
    }

    #[test]
    fn a_zip_archive_holds_files_modes_and_no_time() {
        let bytes = zip(&entries()).unwrap();
        assert_eq!(bytes, zip(&entries()).unwrap());
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut found = Vec::new();
        for index in 0..archive.len() {
            let mut file = archive.by_index(index).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            assert_eq!(file.last_modified(), Some(DateTime::default()));
            found.push((file.name().to_owned(), file.unix_mode().unwrap() & 0o777, text));
        }
        assert_eq!(
            found,
            [
                ("a/run".to_owned(), 0o755, "#!/bin/sh\n".to_owned()),
                ("a/README.md".to_owned(), 0o644, "Read me\n".to_owned()),
            ]
        );
    }

    #[test]
    fn a_tar_archive_holds_files_modes_and_one_time() {
        let bytes = tar(&entries()).unwrap();
        assert_eq!(bytes, tar(&entries()).unwrap());
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
        let mut found = Vec::new();
        for file in archive.entries().unwrap() {
            let mut file = file.unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            let header = file.header();
            let owner = (header.uid().unwrap(), header.gid().unwrap());
            assert_eq!((header.mtime().unwrap(), owner), (TIMESTAMP, (0, 0)));
            found.push((file.path().unwrap().display().to_string(), header.mode().unwrap(), text));
        }
        assert_eq!(
            found,
            [
                ("a/run".to_owned(), 0o755, "#!/bin/sh\n".to_owned()),
                ("a/README.md".to_owned(), 0o644, "Read me\n".to_owned()),
            ]
        );
    }
}
