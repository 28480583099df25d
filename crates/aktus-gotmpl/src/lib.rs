//! Go's text/template with sprig's and Helm's functions, to the byte.

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
pub mod value;

pub use error::{Cause, ExecError, ParseError, Place, Step};
pub use function::{
    CallError, Context, Function, FunctionTable, Int64, Method, Operand, Parameter, Profile, Rest, Returned, Typed,
};
pub use helm::helm_functions;
pub use host::{Certificate, CertificateRequest, Certificates, FrozenHost, Host, KeyKind};
pub use limits::{LimitError, Limits};
pub use templates::{MissingKey, Templates};
pub use value::{
    FreezeError, Frozen, FrozenList, FrozenMap, JsonForm, Kind, List, Map, NamedType, Object, ObjectRef, Str, Type,
    Underlying, Value,
};
