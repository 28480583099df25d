//! The Chart.lock: which versions were chosen, for which wishes.
//!
//! Upstream: `HashReq` in Helm's `internal/resolver/resolver.go`, `writeLock` in `pkg/downloader/manager.go`.

use aktus_yaml::json::{self, Style};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::chart::{Dependency, Lock};
use crate::record;

/// Helm's digest of what Chart.yaml asks for and of what was chosen. It tells whether a Chart.lock still fits.
pub fn digest(wanted: &[Dependency], chosen: &[Dependency]) -> String {
    let text = format!("[{},{}]", go_json(wanted), go_json(chosen));
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// As Go's encoding/json writes a `[]*chart.Dependency`: fields in the order of the struct, empty ones left out but for
/// name and repository.
fn go_json(dependencies: &[Dependency]) -> String {
    const FIELDS: [&str; 8] =
        ["name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias"];
    let items = dependencies.iter().map(|dependency| {
        let value = record::dependency(dependency);
        let fields = FIELDS.iter().filter_map(|field| {
            let text = json::write(value.get(field)?, Style::Compact).ok()?;
            Some(format!("\"{field}\":{text}"))
        });
        format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
    });
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

/// The text of a Chart.lock made at `generated`.
pub fn lock_text(digest: String, chosen: Vec<Dependency>, generated: Timestamp) -> String {
    let lock = Lock { generated: record::time_text(generated), digest, dependencies: Some(chosen) };
    // Nothing in it can fail to be written: texts, bools, and what was read from YAML.
    aktus_yaml::write_v2(&record::lock(&lock)).unwrap_or_default()
}
