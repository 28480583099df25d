//! Which manifests does this Helm chart with these values make? Without Helm, to the byte.
//!
//! Goes in: a chart (directory, archive, files in memory) and values.
//! Comes out: the objects, hooks and notes that Helm 4.2 (or, as asked, Helm 3.21) makes of them.
//!
//! Four calls lead from a chart to its manifests: load, values, render, take apart.
//!
//! ```
//! use aktus_helm::{Chart, FrozenHost, LoadOptions, RenderOptions, ValueOptions, render};
//!
//! // 1. A chart, from a directory, an archive or files in memory. It is immutable, cheap to clone, `Send` and `Sync`.
//! let files = [
//!     ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0"),
//!     ("values.yaml", "replicas: 1"),
//!     ("templates/app.yaml", "kind: Deployment\nspec:\n  replicas: {{ .Values.replicas }}\n"),
//! ];
//! let chart = Chart::from_files(files, &LoadOptions::default())?;
//!
//! // 2. Values, as `helm` takes them on its command line.
//! let options = RenderOptions::default();
//! let flags = ValueOptions { set: vec!["replicas=3".into()], ..ValueOptions::default() };
//! let values = flags.merge(options.profile)?;
//!
//! // 3. The rendered files. The same chart can be rendered again with other values, from any thread.
//! let rendered = render(&chart, &values, &options, &FrozenHost::default())?;
//!
//! // 4. The objects, hooks and notes in them.
//! let manifests = rendered.into_manifests()?;
//! assert_eq!(manifests.documents[0].content, "kind: Deployment\nspec:\n  replicas: 3\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Around them: [`evaluate`] asks a chart's context about one template, [`merged_values`] and [`values::explain`] what
//! templates see and who set it; [`lint`], [`show`], [`package`], [`create`] and [`dependency`] are what Helm's commands
//! of these names do.
//!
//! [`Manifests::text`] is what a release stores, [`Manifests::template_output`] what `helm template` prints.
//! Rendering asks a [`Host`] for time, randomness and live objects: [`SystemHost`] takes them from the program,
//! [`FrozenHost`] makes them up.
//!
//! Features: `oci` pulls charts from registries; `certs` makes keys and certificates for `genCA` and its relatives.

#[cfg(feature = "certs")]
pub mod certs;
pub mod chart;
pub mod create;
pub mod dependency;
mod host;
mod limits;
pub mod lint;
pub mod manifest;
#[cfg(feature = "oci")]
pub mod oci;
pub mod package;
mod path;
pub mod post_render;
mod print;
pub mod record;
pub mod render;
pub mod repository;
pub mod show;
pub mod values;

pub use aktus_gotmpl::{Certificate, CertificateRequest, Certificates, FrozenHost, Host, KeyKind, Origin, Profile};

pub use chart::{Chart, Crd, Dependency, File, LoadError, LoadOptions, Metadata, pack};
pub use host::{Lookup, SystemHost};
pub use limits::Limits;
pub use manifest::{
    Document, Hook, HookEvent, ManifestError, Manifests, OutputError, OutputOptions, install_order, manifest_json,
    split_manifest, uninstall_order,
};
pub use render::{
    Capabilities, HelmVersion, KubeVersion, KubeVersionError, Release, ReleaseNameError, RenderError, RenderOptions,
    Rendered, Stage, evaluate, merged_values, render, render_in_stages,
};
pub use values::{ReadFile, SchemaError, ValueFile, ValueOptions, Values, ValuesError};
