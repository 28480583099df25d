//! Go's text/template with sprig's and Helm's functions, to the byte.

pub mod error;
pub mod function;
pub mod host;
pub mod limits;
pub mod value;

pub use error::ExecError;
pub use function::{
    CallError, Context, Function, FunctionTable, Int64, Method, Operand, Parameter, Profile, Rest,
    Returned, Typed,
};
pub use host::{Certificate, CertificateRequest, Certificates, FrozenHost, Host, KeyKind};
pub use limits::{LimitError, Limits};
pub use value::{
    FreezeError, Frozen, FrozenList, FrozenMap, JsonForm, Kind, List, Map, NamedType, Object,
    ObjectRef, Str, Type, Underlying, Value,
};
