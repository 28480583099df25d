//! Which objects does the platform need besides its chart?
//!
//! Builders of plain objects, all labelled as ours. None of them is part of a Helm release: what a release owns is
//! labelled by whoever applies the release.

mod device_plugin;
mod node_pool;
mod storage;
mod workspace;

pub use self::device_plugin::{DEVICE_PLUGIN, device_plugin};
pub use self::node_pool::{GPU_NODE_POOL, GpuLimits, gpu_node_pool};
pub use self::storage::{EBS_STORAGE_CLASS, EFS_STORAGE_CLASS, EbsProvisioner, ebs_storage_class, efs_storage_class};
pub use self::workspace::{
    HUGGING_FACE_SECRET, HUGGING_FACE_TOKEN, OPENAI_API_KEY, OPENAI_SECRET, namespace, secret, service_account,
};
use crate::object::Object;
use crate::plan::Ownership;

/// Who owns the fields of the platform's objects.
pub const FIELD_MANAGER: &str = "aktus";

/// The label that says who manages an object.
pub const MANAGED_BY_LABEL: &str = "app.kubernetes.io/managed-by";

/// The label that says which installation an object belongs to.
pub const INSTANCE_LABEL: &str = "app.kubernetes.io/instance";

/// The installation that the objects belong to. It is what deletions go by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The name of the installation, a valid label value: letters, digits, `-`, `_`, `.`, at most 63.
    pub instance: String,
}

impl Owner {
    /// The labels that each object carries.
    pub fn labels(&self) -> [(&'static str, &str); 2] {
        [(MANAGED_BY_LABEL, FIELD_MANAGER), (INSTANCE_LABEL, &self.instance)]
    }

    /// The marks by which an object is known to be ours.
    pub fn ownership(&self) -> Ownership {
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        Ownership { labels: self.labels().map(owned).into(), annotations: Vec::new() }
    }

    /// A label selector for everything that is ours.
    pub fn selector(&self) -> String {
        self.labels().map(|(key, value)| format!("{key}={value}")).join(",")
    }

    /// Labels the object as ours.
    fn label(&self, mut object: Object) -> Object {
        self.labels().into_iter().for_each(|(key, value)| object.set_label(key, value));
        object
    }
}
