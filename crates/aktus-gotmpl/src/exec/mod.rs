//! What does a template print? The machine that runs compiled templates, and the rules of Go's `text/template/exec.go`
//! for fields, methods, arguments, loops and nil.

mod call;
mod check;
mod fault;
mod field;
mod machine;
mod range;

pub(crate) use machine::execute;
