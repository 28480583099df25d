//! Go's text/template with sprig's and Helm's functions, to the byte.
//!
//! Goes in: templates as text, a table of functions, and [`Value`]s as data.
//! Comes out: what Go prints, byte for byte, or an error with Go's words, Helm 3's, Helm 4's, or as a
//! [`Diagnostic`](aktus_diagnostics::Diagnostic) with a place, the way there, and a suggestion.
//!
//! ```
//! use aktus_gotmpl::{Context, FrozenHost, MissingKey, Profile, Templates, Value, helm_functions};
//!
//! let mut templates = Templates::new(helm_functions(Profile::Helm4)).with_missing_key(MissingKey::Zero);
//! templates.parse("_labels.tpl", r#"{{ define "labels" }}app: {{ .name | trunc 63 | quote }}{{ end }}"#)?;
//! templates.parse("service.yaml", r#"
//! metadata:
//!   labels:
//!     {{- include "labels" . | nindent 4 }}
//! spec:
//!   {{- toYaml .spec | nindent 2 }}"#)?;
//!
//! let spec = Value::map([("ports", Value::list(vec![Value::Int(80)]))]);
//! let data = Value::map([("name", Value::from("qdrant")), ("spec", spec)]);
//! let host = FrozenHost::default();
//! let output = templates.execute("service.yaml", data, &mut Context::new(&host, Profile::Helm4))?;
//! assert_eq!(output, b"
//! metadata:
//!   labels:
//!     app: \"qdrant\"
//! spec:
//!   ports:
//!   - 80");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`value`]: Go's kinds kept apart, shared mutable maps, and [`Frozen`] trees to keep between renders
//! - [`function`]: how to offer functions and methods with a Go signature, by the macros [`functions!`] and [`methods!`]
//! - [`host`]: everything impure (clock, randomness, cluster, keys) behind one trait
//! - [`limits`]: bounds on what templates may use up; nothing a template says can exhaust the thread's stack
//! - [`go`]: the pieces of Go's library that templates can see
//!
//! Templates are parsed into arenas and compiled to instructions for a small machine, so that parentheses, control
//! structures, `include` and `tpl` nest on the heap. A parsed set is `Send + Sync`; rendering, like the values it works
//! on, stays on its thread, since templates change maps and the order is observable.

mod builtins;
pub mod error;
mod exec;
pub mod function;
pub mod go;
mod helm;
pub mod host;
pub mod limits;
mod program;
mod sprig;
mod syntax;
mod templates;
mod trace;
pub mod value;

pub use error::{Cause, ExecError, ParseError, Place, Step};
pub use function::{
    CallError, Context, Function, FunctionTable, Int64, Method, Operand, Parameter, Profile, Rest, Returned, Typed,
};
pub use helm::helm_functions;
pub use host::{Certificate, CertificateRequest, Certificates, FrozenHost, Host, KeyKind};
pub use limits::{LimitError, Limits};
pub use templates::{MissingKey, Templates};
pub use trace::Origin;
pub use value::{
    FreezeError, Frozen, FrozenList, FrozenMap, JsonForm, Kind, List, Map, NamedType, Object, ObjectRef, Str, Type,
    Underlying, Value,
};
