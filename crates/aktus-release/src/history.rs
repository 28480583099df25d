//! The records of a release in the cluster: Secrets as Helm's own driver keeps them.

use aktus_helm::record::{Record, RecordError, SECRET_TYPE, Status, decode, encode};
use aktus_k8s::{Class, Cluster, DeleteOptions, Object, ObjectId, Selector};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::json;
use tokio::time::Instant;

use crate::error::ReleaseError;
use crate::options::ReleaseOptions;

/// Who writes records; Helm's client does under its own name, too.
const FIELD_MANAGER: &str = "helm";

/// All records of a release, oldest first.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The records, by revision.
    pub records: Vec<Record>,
}

impl History {
    /// The newest record.
    pub fn last(&self) -> Option<&Record> {
        self.records.last()
    }

    /// The newest deployed record: what the cluster is meant to hold.
    pub fn deployed(&self) -> Option<&Record> {
        self.records.iter().rev().find(|record| record.info.status == Status::Deployed)
    }

    /// The revision that comes next.
    pub fn next_revision(&self) -> u32 {
        self.last().map_or(1, |record| record.version.saturating_add(1))
    }
}

/// Reads all records of a release. A namespace that does not exist has none.
///
/// Errs when a record cannot be read: a history with holes could make the next run lose objects.
pub async fn history(cluster: &Cluster, options: &ReleaseOptions, until: Instant) -> Result<History, ReleaseError> {
    let selector = Selector::labels(format!("name={},owner=helm", options.name));
    let secrets = match cluster.list("v1", "Secret", Some(&options.namespace), &selector, until).await {
        Ok(secrets) => secrets,
        Err(error) if matches!(error.class(), Class::NotFound | Class::NamespaceMissing) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let mut records = Vec::with_capacity(secrets.len());
    for secret in &secrets {
        if secret.text("/type") == Some(SECRET_TYPE) && !secret.is_deleting() {
            records.push(read(secret)?);
        }
    }
    records.sort_by_key(|record| record.version);
    Ok(History { records })
}

fn read(secret: &Object) -> Result<Record, ReleaseError> {
    let problem = |problem| ReleaseError::Record { id: Box::new(secret.id()), problem };
    let data = secret.text("/data/release").unwrap_or_default();
    let bytes = STANDARD.decode(data).map_err(|_| problem(RecordError::NotBase64))?;
    let mut record = decode(&bytes).map_err(problem)?;
    record.labels = secret
        .get("/metadata/labels")
        .and_then(serde_json::Value::as_object)
        .into_iter()
        .flatten()
        .filter(|(key, _)| !RESERVED.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect();
    Ok(record)
}

/// The labels that are Helm's own.
const RESERVED: [&str; 6] = ["name", "owner", "status", "version", "createdAt", "modifiedAt"];

/// The Secret of a revision.
pub(crate) fn secret_id(options: &ReleaseOptions, revision: u32) -> ObjectId {
    let name = aktus_helm::record::secret_name(&options.name, revision);
    ObjectId::namespaced("v1", "Secret", &options.namespace, &name)
}

/// A record ready to be written.
pub(crate) struct Encoded {
    id: ObjectId,
    status: &'static str,
    revision: u32,
    labels: Vec<(String, String)>,
    /// The value of `data.release`, before the API's own base64.
    data: Vec<u8>,
}

impl Encoded {
    pub(crate) fn new(record: &Record, options: &ReleaseOptions) -> Result<Self, ReleaseError> {
        let id = secret_id(options, record.version);
        let data = encode(record, options.profile)
            .map_err(|problem| ReleaseError::Record { id: Box::new(id.clone()), problem })?;
        let labels = record.labels.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        Ok(Self { id, status: record.info.status.as_str(), revision: record.version, labels, data })
    }

    /// Its size as the API server counts it.
    pub(crate) fn size(&self) -> usize {
        self.data.len()
    }

    fn object(&self, time_label: &str, now: Timestamp) -> Result<Object, ReleaseError> {
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": self.id.name, "namespace": self.id.namespace},
            "type": SECRET_TYPE,
            "data": {"release": STANDARD.encode(&self.data)},
        });
        let template = || format!("Secret {}", self.id.name);
        let mut object =
            Object::new(secret).map_err(|problem| ReleaseError::Object { template: template(), problem })?;
        for (key, value) in &self.labels {
            object.set_label(key, value);
        }
        object.set_label("name", release_name(&self.id.name));
        object.set_label("owner", "helm");
        object.set_label("status", self.status);
        object.set_label("version", &self.revision.to_string());
        object.set_label(time_label, &now.as_second().to_string());
        Ok(object)
    }

    /// Writes it as a new record.
    pub(crate) async fn create(&self, cluster: &Cluster, now: Timestamp, until: Instant) -> Result<(), ReleaseError> {
        cluster.create(&self.object("createdAt", now)?, FIELD_MANAGER, until).await?;
        Ok(())
    }

    /// Writes it over the record of its revision.
    pub(crate) async fn update(&self, cluster: &Cluster, now: Timestamp, until: Instant) -> Result<(), ReleaseError> {
        cluster.replace(&self.object("modifiedAt", now)?, FIELD_MANAGER, until).await?;
        Ok(())
    }
}

/// The release of a Secret's name.
fn release_name(secret: &str) -> &str {
    let name = secret.strip_prefix("sh.helm.release.v1.").unwrap_or(secret);
    name.rsplit_once(".v").map_or(name, |(name, _)| name)
}

/// Takes the record of a revision away.
pub(crate) async fn purge(
    cluster: &Cluster,
    options: &ReleaseOptions,
    revision: u32,
    until: Instant,
) -> Result<(), ReleaseError> {
    cluster.delete(&secret_id(options, revision), &DeleteOptions::default(), until).await?;
    Ok(())
}
