//! Archives byte by byte, so that every lie can be told.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

/// The Chart.yaml of [`archive`].
pub(crate) const CHART: &[u8] = b"apiVersion: v2\nname: c\nversion: 0.1.0\n";
/// The unit of a tar stream.
pub(crate) const BLOCK: usize = 512;

/// A tar header with its checksum.
pub(crate) fn header(name: &[u8], size: &str, kind: u8) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block[..name.len()].copy_from_slice(name);
    block[100..107].copy_from_slice(b"0000644");
    block[108..115].copy_from_slice(b"0000000");
    block[116..123].copy_from_slice(b"0000000");
    block[124..124 + size.len()].copy_from_slice(size.as_bytes());
    block[136..147].copy_from_slice(b"00000000000");
    block[148..156].copy_from_slice(b"        ");
    block[156] = kind;
    block[257..263].copy_from_slice(b"ustar\0");
    block[263..265].copy_from_slice(b"00");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

pub(crate) fn entry(name: &str, content: &[u8], kind: u8) -> Vec<u8> {
    let mut bytes = header(name.as_bytes(), &format!("{:011o}", content.len()), kind).to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    bytes
}

pub(crate) fn file(name: &str, content: &[u8]) -> Vec<u8> {
    entry(name, content, b'0')
}

pub(crate) fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let mut text = String::new();
    for (key, value) in records {
        let rest = format!(" {key}={value}\n");
        let mut length = rest.len() + 1;
        while format!("{length}{rest}").len() != length {
            length += 1;
        }
        text.push_str(&length.to_string());
        text.push_str(&rest);
    }
    entry("pax", text.as_bytes(), b'x')
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

/// A chart archive of Chart.yaml and these entries.
pub(crate) fn archive(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut tar = file("c/Chart.yaml", CHART);
    tar.extend(entries.concat());
    tar.resize(tar.len() + 2 * BLOCK, 0);
    gzip(&tar)
}

/// A chart archive of Chart.yaml and files that all have the same content, packed one by one.
pub(crate) fn archive_of(names: impl IntoIterator<Item = String>, content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let mut write = |bytes: &[u8]| encoder.write_all(bytes).expect("memory takes everything");
    write(&file("c/Chart.yaml", CHART));
    for name in names {
        write(&header(name.as_bytes(), &format!("{:011o}", content.len()), b'0'));
        write(content);
        write(&[0; BLOCK][..content.len().next_multiple_of(BLOCK) - content.len()]);
    }
    write(&[0; 2 * BLOCK]);
    encoder.finish().expect("memory takes everything")
}
