//! Packing files as `helm package` lays them out.

use std::io;

use flate2::{Compression, GzBuilder};

/// A chart archive: every file under the directory `name`, in the given order, gzip-compressed.
///
/// The same input gives the same bytes: modes are 0644 and there are no times.
/// `helm package` writes Chart.yaml first, then Chart.lock, values.yaml, values.schema.json, templates,
/// other files and sub-charts; the order is the caller's here.
///
/// # Errors
/// When a path cannot be written into a tar header, for example because it holds a NUL.
pub fn pack<'a>(name: &str, files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> io::Result<Vec<u8>> {
    let gzip = GzBuilder::new().write(Vec::new(), Compression::default());
    let mut tar = tar::Builder::new(gzip);
    for (path, data) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(u64::try_from(data.len()).map_err(io::Error::other)?);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("{name}/{path}"), data)?;
    }
    tar.into_inner()?.finish()
}
