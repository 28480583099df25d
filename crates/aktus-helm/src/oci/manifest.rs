//! Which layers does this manifest name, and is it a Helm chart at all?
//!
//! Media types are those of Helm (`pkg/registry/constants.go`). A document that could be read as two things is
//! refused (CVE-2021-41190).

use oci_client::manifest::{
    IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE,
    OciDescriptor, OciImageIndex, OciImageManifest,
};
use serde::de::IgnoredAny;

use super::digest::Digest;
use super::error::{PullError, printable};
use super::limits::PullLimits;
use super::transport::json_object;

/// The config of a Helm chart.
pub const CONFIG_MEDIA_TYPE: &str = "application/vnd.cncf.helm.config.v1+json";
/// The chart archive.
pub const CHART_LAYER_MEDIA_TYPE: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// The chart archive as Helm before 3.7 named it.
pub const LEGACY_CHART_LAYER_MEDIA_TYPE: &str = "application/tar+gzip";
/// The provenance file.
pub const PROVENANCE_LAYER_MEDIA_TYPE: &str = "application/vnd.cncf.helm.chart.provenance.v1.prov";

/// What is asked for. The Docker types are listed so that a registry that has one says so.
pub(super) const ACCEPT: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json, \
     application/vnd.docker.distribution.manifest.list.v2+json";

/// A manifest document, read and found unambiguous.
pub(super) enum Document {
    Manifest(Box<OciImageManifest>),
    Index(OciImageIndex),
}

/// Content as a manifest describes it. `urls` of a descriptor are never used (CVE-2020-15157).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) digest: Digest,
    pub(super) size: u64,
}

/// The layers of a chart's manifest.
#[derive(Debug)]
pub(super) struct ChartLayers {
    pub(super) archive: Content,
    pub(super) provenance: Option<Content>,
    pub(super) legacy: bool,
}

/// What tells the kinds of document apart, without building anything for the rest.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    schema_version: Option<u64>,
    media_type: Option<String>,
    config: Option<IgnoredAny>,
    layers: Option<IgnoredAny>,
    manifests: Option<IgnoredAny>,
    fs_layers: Option<IgnoredAny>,
}

/// Reads a manifest or an index. `content_type` is the header, without parameters.
pub(super) fn read(
    what: &str,
    bytes: &[u8],
    content_type: Option<&str>,
    limits: &PullLimits,
) -> Result<Document, PullError> {
    let unusable = |cause| PullError::Manifest { what: what.to_owned(), cause };
    let wrong_type = |found: &str| PullError::MediaType {
        what: what.to_owned(),
        expected: "an OCI image manifest or index",
        found: if found.is_empty() { "no media type".to_owned() } else { printable(found, 100) },
    };
    // A header that names something else than JSON (a login page) is the better message.
    if let Some(found) = content_type.filter(|found| !found.contains("json")) {
        return Err(wrong_type(found));
    }
    let shape: Shape = json_object(bytes).map_err(unusable)?;
    if shape.fs_layers.is_some() || shape.schema_version == Some(1) {
        return Err(wrong_type("a Docker schema 1 manifest"));
    }
    if shape.schema_version != Some(2) {
        return Err(unusable("schemaVersion is not 2".to_owned()));
    }
    let media_type = match (content_type, shape.media_type.as_deref()) {
        (Some(header), Some(body)) if header != body => {
            return Err(unusable(format!(
                "its mediaType {} differs from the Content-Type {}",
                printable(body, 100),
                printable(header, 100)
            )));
        }
        (Some(found), _) | (None, Some(found)) => found,
        (None, None) => "",
    };
    if shape.manifests.is_some() && (shape.layers.is_some() || shape.config.is_some()) {
        return Err(unusable("it is both an image manifest and an index".to_owned()));
    }
    match media_type {
        OCI_IMAGE_MEDIA_TYPE if shape.manifests.is_none() => {
            let manifest: OciImageManifest = json_object(bytes).map_err(unusable)?;
            if manifest.layers.len() > limits.layers {
                return Err(PullError::TooMany { what: what.to_owned(), limit: limits.layers, items: "layers" });
            }
            Ok(Document::Manifest(Box::new(manifest)))
        }
        OCI_IMAGE_INDEX_MEDIA_TYPE if shape.manifests.is_some() => {
            let index: OciImageIndex = json_object(bytes).map_err(unusable)?;
            if index.manifests.len() > limits.index_entries {
                return Err(PullError::TooMany {
                    what: what.to_owned(),
                    limit: limits.index_entries,
                    items: "manifests",
                });
            }
            Ok(Document::Index(index))
        }
        OCI_IMAGE_MEDIA_TYPE => {
            Err(unusable("it says it is an image manifest but has the fields of an index".to_owned()))
        }
        OCI_IMAGE_INDEX_MEDIA_TYPE => Err(unusable("it says it is an index but has no manifests".to_owned())),
        IMAGE_MANIFEST_MEDIA_TYPE => Err(wrong_type("a Docker image manifest")),
        IMAGE_MANIFEST_LIST_MEDIA_TYPE => Err(wrong_type("a Docker manifest list")),
        other => Err(wrong_type(other)),
    }
}

/// Whether the manifest's config says that this is a Helm chart.
pub(super) fn is_chart(manifest: &OciImageManifest) -> bool {
    manifest.config.media_type == CONFIG_MEDIA_TYPE
}

/// The chart's layers. Other layers are ignored, as in Helm; two chart layers are refused.
pub(super) fn chart_layers(
    what: &str,
    manifest: &OciImageManifest,
    limits: &PullLimits,
) -> Result<ChartLayers, PullError> {
    let not_a_chart = |cause: String| PullError::NotAChart { what: what.to_owned(), cause };
    if !is_chart(manifest) {
        return Err(not_a_chart(format!(
            "its config is {}, not {CONFIG_MEDIA_TYPE}",
            printable(&manifest.config.media_type, 100)
        )));
    }
    let is_archive = |layer: &&OciDescriptor| {
        matches!(layer.media_type.as_str(), CHART_LAYER_MEDIA_TYPE | LEGACY_CHART_LAYER_MEDIA_TYPE)
    };
    let mut archives = manifest.layers.iter().filter(is_archive);
    let archive = match (archives.next(), archives.next()) {
        (Some(archive), None) => archive,
        (Some(_), Some(_)) => return Err(not_a_chart("it has more than one chart layer".to_owned())),
        (None, _) => {
            return Err(not_a_chart(format!("it has no chart layer, only {}", media_types(&manifest.layers))));
        }
    };
    let mut provenances = manifest.layers.iter().filter(|layer| layer.media_type == PROVENANCE_LAYER_MEDIA_TYPE);
    let provenance = provenances.next();
    if provenances.next().is_some() {
        return Err(not_a_chart("it has more than one provenance layer".to_owned()));
    }
    Ok(ChartLayers {
        archive: content(what, "the chart layer", archive, limits.chart_layer)?,
        provenance: provenance
            .map(|layer| content(what, "the provenance layer", layer, limits.provenance))
            .transpose()?,
        legacy: archive.media_type == LEGACY_CHART_LAYER_MEDIA_TYPE,
    })
}

/// Media types for a message, at most five.
pub(super) fn media_types(layers: &[OciDescriptor]) -> String {
    if layers.is_empty() {
        return "no layer at all".to_owned();
    }
    let shown: Vec<String> = layers.iter().take(5).map(|layer| printable(&layer.media_type, 100)).collect();
    let more = if layers.len() > shown.len() { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

fn content(manifest: &str, what: &str, layer: &OciDescriptor, limit: u64) -> Result<Content, PullError> {
    let unusable = |cause: String| PullError::Manifest { what: manifest.to_owned(), cause };
    let digest = Digest::parse(&layer.digest).map_err(|error| unusable(format!("the digest of {what}: {error}")))?;
    let size = u64::try_from(layer.size)
        .map_err(|_| unusable(format!("the size of {what} is {}, which is negative", layer.size)))?;
    if size > limit {
        return Err(PullError::TooLarge { what: format!("{what} of {manifest}"), limit });
    }
    Ok(Content { digest, size })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn layer(media_type: &str, size: &str) -> String {
        format!(r#"{{"mediaType":"{media_type}","digest":"{SHA}","size":{size}}}"#)
    }

    fn manifest(config: &str, layers: &[String]) -> String {
        format!(
            r#"{{"schemaVersion":2,"mediaType":"{OCI_IMAGE_MEDIA_TYPE}","config":{},"layers":[{}]}}"#,
            layer(config, "2"),
            layers.join(",")
        )
    }

    fn layers_of(text: &str) -> Result<ChartLayers, PullError> {
        let limits = PullLimits::default();
        match read("m", text.as_bytes(), Some(OCI_IMAGE_MEDIA_TYPE), &limits)? {
            Document::Manifest(manifest) => chart_layers("m", &manifest, &limits),
            Document::Index(_) => panic!("an index"),
        }
    }

    #[track_caller]
    fn refused(text: &str, message: &str) {
        let error = layers_of(text).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }

    #[test]
    fn chart_manifests() {
        let archive = layer(CHART_LAYER_MEDIA_TYPE, "10");
        let found = layers_of(&manifest(CONFIG_MEDIA_TYPE, std::slice::from_ref(&archive))).unwrap();
        assert_eq!(found.archive, Content { digest: Digest::parse(SHA).unwrap(), size: 10 });
        assert!(!found.legacy && found.provenance.is_none());

        let with_others = [layer("text/plain", "1"), archive, layer(PROVENANCE_LAYER_MEDIA_TYPE, "5")];
        let found = layers_of(&manifest(CONFIG_MEDIA_TYPE, &with_others)).unwrap();
        assert_eq!(found.provenance.unwrap().size, 5);

        let legacy = [layer(LEGACY_CHART_LAYER_MEDIA_TYPE, "10")];
        assert!(layers_of(&manifest(CONFIG_MEDIA_TYPE, &legacy)).unwrap().legacy);
    }

    #[test]
    fn manifests_of_other_things() {
        let archive = layer(CHART_LAYER_MEDIA_TYPE, "10");
        let image = "application/vnd.oci.image.config.v1+json";
        refused(
            &manifest(image, std::slice::from_ref(&archive)),
            "its config is application/vnd.oci.image.config.v1+json",
        );
        refused(&manifest(CONFIG_MEDIA_TYPE, &[]), "no layer at all");
        refused(&manifest(CONFIG_MEDIA_TYPE, &[layer("text/plain", "1")]), "only text/plain");
        let legacy = layer(LEGACY_CHART_LAYER_MEDIA_TYPE, "10");
        refused(&manifest(CONFIG_MEDIA_TYPE, &[archive.clone(), archive]), "more than one chart layer");
        refused(&manifest(CONFIG_MEDIA_TYPE, &[legacy.clone(), legacy]), "more than one chart layer");
    }

    #[test]
    fn descriptor_sizes() {
        let with_size = |size: &str| manifest(CONFIG_MEDIA_TYPE, &[layer(CHART_LAYER_MEDIA_TYPE, size)]);
        refused(&with_size("9223372036854775807"), "larger than 20971520 bytes");
        refused(&with_size("20971521"), "larger than 20971520 bytes");
        assert!(layers_of(&with_size("20971520")).is_ok());
        refused(&with_size("-1"), "negative");
        refused(&with_size("1e30"), "not a usable manifest");
        refused(&with_size("18446744073709551616"), "not a usable manifest");
        refused(&with_size("\"10\""), "not a usable manifest");
        refused(&with_size("null"), "not a usable manifest");
        let missing = manifest(CONFIG_MEDIA_TYPE, &[layer(CHART_LAYER_MEDIA_TYPE, "10")]).replace(",\"size\":10", "");
        refused(&missing, "missing field `size`");
    }

    #[test]
    fn ambiguous_and_hostile_documents() {
        let limits = PullLimits::default();
        let body =
            |text: &str, header: Option<&str>| read("m", text.as_bytes(), header, &limits).map(|_| ()).unwrap_err();
        let good = manifest(CONFIG_MEDIA_TYPE, &[]);
        let both = good.replace("\"layers\"", "\"manifests\":[],\"layers\"");
        let index = format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_IMAGE_INDEX_MEDIA_TYPE}","manifests":[]}}"#);
        let index_with_layers = index.replace("[]", "[],\"layers\":[]");
        let deep = "[".repeat(100_000);
        let many = vec![layer("text/plain", "1"); 129];
        let schema_1 = r#"{"schemaVersion":1,"fsLayers":[],"name":"x"}"#;
        let unnamed = good.replace(&format!("\"mediaType\":\"{OCI_IMAGE_MEDIA_TYPE}\","), "");
        let docker = good.replace(OCI_IMAGE_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE);
        let duplicate = good.replace("\"layers\"", "\"layers\":[],\"layers\"");
        for (text, header, message) in [
            (both.as_str(), Some(OCI_IMAGE_MEDIA_TYPE), "both an image manifest and an index"),
            (&index_with_layers, Some(OCI_IMAGE_INDEX_MEDIA_TYPE), "both an image manifest and an index"),
            (&good, Some(OCI_IMAGE_INDEX_MEDIA_TYPE), "differs from the Content-Type"),
            (&index, Some(OCI_IMAGE_MEDIA_TYPE), "differs from the Content-Type"),
            (&unnamed, Some(OCI_IMAGE_INDEX_MEDIA_TYPE), "has no manifests"),
            (&unnamed, None, "no media type"),
            (&docker, Some(IMAGE_MANIFEST_MEDIA_TYPE), "Docker image manifest"),
            (schema_1, Some("application/vnd.docker.distribution.manifest.v1+prettyjws"), "got application/vnd"),
            (schema_1, Some("application/json"), "Docker schema 1"),
            ("<html>", Some("text/html"), "got text/html"),
            ("<html>", Some(OCI_IMAGE_MEDIA_TYPE), "it is not a JSON object"),
            (&deep, Some(OCI_IMAGE_MEDIA_TYPE), "not a usable manifest"),
            (&manifest(CONFIG_MEDIA_TYPE, &many), Some(OCI_IMAGE_MEDIA_TYPE), "more than 128 layers"),
            (&duplicate, Some(OCI_IMAGE_MEDIA_TYPE), "duplicate field"),
            ("{}", Some(OCI_IMAGE_MEDIA_TYPE), "schemaVersion is not 2"),
            ("null", Some(OCI_IMAGE_MEDIA_TYPE), "it is not a JSON object"),
            ("[2]", Some(OCI_IMAGE_MEDIA_TYPE), "it is not a JSON object"),
            (" \n{", Some(OCI_IMAGE_MEDIA_TYPE), "EOF while parsing"),
        ] {
            let error = body(text, header).to_string();
            assert!(error.contains(message), "{error:.300} lacks {message}");
        }
    }
}
