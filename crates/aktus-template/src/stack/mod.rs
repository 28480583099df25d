//! The platform's own template: what does a deployment create, and in which order?
//!
//! One file per chapter. Custom-resource ordering: what the bootstrap uses is created before the custom resource
//! and so deleted after it, by `DependsOn` where the other always exists and by [`Expr::after`](crate::Expr::after)
//! where it exists in one mode only.

/// A map of property names to values of different kinds.
macro_rules! map {
    ($($key:literal: $value:expr),* $(,)?) => {
        $crate::model::Expr::map([$(($key, $crate::model::Expr::from($value))),*])
    };
}

/// A list of values of different kinds.
macro_rules! list {
    ($($value:expr),* $(,)?) => { $crate::model::Expr::List(vec![$($crate::model::Expr::from($value)),*]) };
}

mod access;
mod audit;
mod bootstrap;
mod cluster;
mod conditions;
mod network;
mod nodes;
mod outputs;
mod parameters;
mod parts;
mod secrets;
mod storage;

pub use outputs::ANSWERS;

use crate::model::Template;

/// The size in bytes up to which `CloudFormation` takes a template inline, without a bucket.
pub const INLINE_LIMIT: usize = 51_200;

/// How many users, and how many roles, can be made administrators besides the creator.
pub const ADMINISTRATORS: usize = 5;

/// The template of the platform, for both modes.
///
/// Two parameters have no default: `BootstrapCodeBucket` and `BootstrapCodeKey`, which whoever publishes the
/// template or deploys the stack fills in.
///
/// ```
/// let yaml = aktus_template::platform().to_yaml();
/// assert!(yaml.len() < aktus_template::stack::INLINE_LIMIT);
/// assert!(yaml.contains("Type: Custom::AktusPlatform"));
/// ```
pub fn platform() -> Template {
    let mut template = Template {
        description: "Aktus AI Platform on Amazon EKS: network, cluster (Auto Mode or managed nodes), shared file \
                      system, access, and the bootstrap that installs the platform's chart"
            .to_owned(),
        ..Template::default()
    };
    parameters::add(&mut template);
    conditions::add(&mut template);
    network::add(&mut template);
    cluster::add(&mut template);
    nodes::add(&mut template);
    storage::add(&mut template);
    access::add(&mut template);
    secrets::add(&mut template);
    audit::add(&mut template);
    bootstrap::add(&mut template);
    outputs::add(&mut template);
    template
}
