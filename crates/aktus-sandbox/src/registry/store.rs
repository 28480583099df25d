//! What does the registry hold? Blobs, manifests and tags of each repository.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::hash::sha256_hex;

/// A manifest as it was pushed.
pub(super) struct Manifest {
    pub(super) media_type: String,
    pub(super) bytes: Bytes,
}

#[derive(Default)]
pub(super) struct Repository {
    blobs: BTreeMap<String, Bytes>,
    manifests: BTreeMap<String, Manifest>,
    tags: BTreeMap<String, String>,
}

impl Repository {
    pub(super) fn blob(&self, digest: &str) -> Option<&Bytes> {
        self.blobs.get(digest)
    }

    /// The digest and manifest of a tag or digest.
    pub(super) fn manifest(&self, reference: &str) -> Option<(&str, &Manifest)> {
        let digest = self.tags.get(reference).map_or(reference, String::as_str);
        self.manifests.get_key_value(digest).map(|(digest, manifest)| (digest.as_str(), manifest))
    }

    /// Up to `limit` tags after `last`, in lexical order, and whether more follow.
    pub(super) fn tags(&self, last: &str, limit: usize) -> (Vec<&str>, bool) {
        let mut tags = self.tags.keys().map(String::as_str).filter(|tag| last.is_empty() || *tag > last);
        let page: Vec<&str> = tags.by_ref().take(limit).collect();
        let more = tags.next().is_some();
        (page, more)
    }
}

/// All repositories by name.
#[derive(Default)]
pub(super) struct Store {
    repositories: BTreeMap<String, Repository>,
}

impl Store {
    pub(super) fn repository(&self, name: &str) -> Option<&Repository> {
        self.repositories.get(name)
    }

    /// A blob in any repository, as a storage host that knows only digests finds it.
    pub(super) fn any_blob(&self, digest: &str) -> Option<&Bytes> {
        self.repositories.values().find_map(|repository| repository.blob(digest))
    }

    pub(super) fn push_blob(&mut self, repository: &str, bytes: &[u8]) -> String {
        let digest = digest(bytes);
        let blobs = &mut self.repositories.entry(repository.to_owned()).or_default().blobs;
        blobs.insert(digest.clone(), Bytes::copy_from_slice(bytes));
        digest
    }

    pub(super) fn push_manifest(
        &mut self,
        repository: &str,
        tag: Option<&str>,
        media_type: &str,
        bytes: &[u8],
    ) -> String {
        let digest = digest(bytes);
        let repository = self.repositories.entry(repository.to_owned()).or_default();
        let manifest = Manifest { media_type: media_type.to_owned(), bytes: Bytes::copy_from_slice(bytes) };
        repository.manifests.insert(digest.clone(), manifest);
        if let Some(tag) = tag {
            repository.tags.insert(tag.to_owned(), digest.clone());
        }
        digest
    }

    pub(super) fn remove_tag(&mut self, repository: &str, tag: &str) -> bool {
        self.repositories.get_mut(repository).is_some_and(|repository| repository.tags.remove(tag).is_some())
    }
}

/// `sha256:` and the hash in lower-case hexadecimal.
pub(super) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", sha256_hex(bytes))
}
