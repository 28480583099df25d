//! What does Helm remember of a release? The record of one revision, as Helm stores it and reads it.
//!
//! A record is JSON, compressed with gzip, in base64, in a Secret named after release and revision
//! (Helm's `pkg/storage/driver` and `pkg/release/v1`). [`encode`] writes the bytes Helm would write, for either
//! major version; [`decode`] reads what any Helm 3 or 4 wrote. The Secret itself, its labels included, is made
//! where the cluster is known.
//!
//! ```
//! use aktus_helm::record::{self, Info, Record, Status};
//! use aktus_helm::{Chart, LoadOptions, Profile, Values};
//!
//! let chart = Chart::from_files([("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0")], &LoadOptions::default())?;
//! let now = "2026-11-22T00:00:00Z".parse()?;
//! let record = Record {
//!     name: "web".to_owned(),
//!     namespace: "default".to_owned(),
//!     version: 1,
//!     info: Info {
//!         description: "Install complete".to_owned(),
//!         status: Status::Deployed,
//!         ..Info::started(now)
//!     },
//!     chart: record::Chart::of_release(&chart, &Values::default(), Profile::Helm4)?,
//!     config: serde_json::json!({"replicas": 2}),
//!     manifest: "---\n# Source: web/templates/a.yaml\na: 1\n".to_owned(),
//!     hooks: Vec::new(),
//!     apply_method: Some("ssa".to_owned()),
//!     labels: Default::default(),
//! };
//! let data = record::encode(&record, Profile::Helm4)?;
//! assert_eq!(record::decode(&data)?, record);
//! assert_eq!(record.secret_name(), "sh.helm.release.v1.web.v1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod chart;
mod error;
mod hook;
mod read;
mod status;
mod time;
mod write;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};

use aktus_gotmpl::Profile;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;

pub use chart::{Chart, StoredFile};
pub use error::RecordError;
pub use hook::{Hook, HookPhase, HookRun};
pub use status::{Status, UnknownStatus};
pub use time::ZERO_TIME;

pub(crate) use chart::{dependency, lock, metadata};
pub(crate) use time::text_of as time_text;

/// The `type` of the Secret that holds a record.
pub const SECRET_TYPE: &str = "helm.sh/release.v1";

/// Most bytes of JSON that a record is decompressed to: 64 MiB.
const DECOMPRESSED_LIMIT: usize = 64 << 20;

/// One revision of a release.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The name of the release.
    pub name: String,
    /// The namespace of the release.
    pub namespace: String,
    /// The revision, counted from 1.
    pub version: u32,
    /// What became of it.
    pub info: Info,
    /// The chart, as [`Chart::of_release`] gives it.
    pub chart: Chart,
    /// The values of the user, a map.
    pub config: serde_json::Value,
    /// The objects, as [`Manifests::text`](crate::Manifests::text) gives them.
    pub manifest: String,
    /// The hooks.
    pub hooks: Vec<Hook>,
    /// How the objects were written: `ssa` (server-side apply) or `csa`. Only Helm 4 keeps it; without it, `csa`
    /// was meant.
    pub apply_method: Option<String>,
    /// Labels of the user. They are kept on the Secret, not in the data, so [`decode`] leaves them empty.
    pub labels: BTreeMap<String, String>,
}

/// What became of a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// When the release was installed first.
    pub first_deployed: Timestamp,
    /// When this revision was begun.
    pub last_deployed: Timestamp,
    /// When it was taken away.
    pub deleted: Option<Timestamp>,
    /// What happened last, in words.
    pub description: String,
    /// How far it came.
    pub status: Status,
    /// The rendered NOTES.txt.
    pub notes: String,
}

impl Info {
    /// That of a first revision begun now: pending-install, in Helm's words.
    pub fn started(now: Timestamp) -> Self {
        Self {
            first_deployed: now,
            last_deployed: now,
            deleted: None,
            description: "Initial install underway".to_owned(),
            status: Status::PendingInstall,
            notes: String::new(),
        }
    }
}

impl Record {
    /// The name of the Secret that holds it.
    pub fn secret_name(&self) -> String {
        secret_name(&self.name, self.version)
    }

    /// Whether both hold the same chart, values, manifest and hooks, whatever became of them.
    pub fn same_content(&self, other: &Self) -> bool {
        self.config == other.config
            && self.manifest == other.manifest
            && self.hooks.len() == other.hooks.len()
            && self.hooks.iter().zip(&other.hooks).all(|(left, right)| left.same_definition(right))
            && self.chart.same_content(&other.chart)
    }
}

/// The name of the Secret that holds a revision (Helm's `makeKey`).
pub fn secret_name(release: &str, revision: u32) -> String {
    format!("sh.helm.release.v1.{release}.v{revision}")
}

/// The value of the Secret's key `release`, before the base64 that the API itself puts around data.
///
/// The same record gives the same bytes.
pub fn encode(record: &Record, profile: Profile) -> Result<Vec<u8>, RecordError> {
    let json = write::json(record, profile)?;
    let failed = |error: std::io::Error| RecordError::Write { cause: error.to_string() };
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(json.as_bytes()).map_err(failed)?;
    let compressed = encoder.finish().map_err(failed)?;
    Ok(STANDARD.encode(compressed).into_bytes())
}

/// Reads the value of the Secret's key `release`, without the base64 that the API itself puts around data.
///
/// Records that were stored without compression are read too, as Helm does.
pub fn decode(data: &[u8]) -> Result<Record, RecordError> {
    // Go's decoder passes over line ends.
    let data: Vec<u8> = data.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let bytes = STANDARD.decode(data).map_err(|_| RecordError::NotBase64)?;
    if !bytes.starts_with(&[0x1f, 0x8b, 0x08]) {
        return read::record(&bytes);
    }
    let mut json = Vec::new();
    MultiGzDecoder::new(bytes.as_slice())
        .take(DECOMPRESSED_LIMIT as u64 + 1)
        .read_to_end(&mut json)
        .map_err(|error| RecordError::Gzip { cause: error.to_string() })?;
    if json.len() > DECOMPRESSED_LIMIT {
        return Err(RecordError::TooLarge { limit: DECOMPRESSED_LIMIT as u64 });
    }
    read::record(&json)
}

#[cfg(test)]
mod tests;
