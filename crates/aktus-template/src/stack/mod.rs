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
mod code;
mod conditions;
mod ids;
mod network;
mod nodes;
mod outputs;
mod parameters;
mod parts;
mod secrets;
mod storage;

pub use code::{Architecture, Code};
pub use outputs::ANSWERS;

use crate::model::{LogicalId, Template};

/// The size in bytes up to which `CloudFormation` takes a template inline, without a bucket.
pub const INLINE_LIMIT: usize = 51_200;

/// How many users, and how many roles, can be made administrators besides the creator.
pub const ADMINISTRATORS: usize = 5;

/// The template of the platform, for both modes, with nothing said about where the bootstrap function's code lies.
///
/// ```
/// let yaml = aktus_template::platform().to_yaml();
/// assert!(yaml.len() < aktus_template::stack::INLINE_LIMIT);
/// assert!(yaml.contains("Type: Custom::AktusPlatform"));
/// ```
pub fn platform() -> Template {
    platform_with(&Code::default())
}

/// The template of the platform with defaults for the bootstrap function's code.
///
/// What `code` leaves open has no default: whoever deploys the stack must then give `BootstrapCodeBucket` and
/// `BootstrapCodeKey`.
pub fn platform_with(code: &Code) -> Template {
    let mut template = Template {
        description: "Aktus AI Platform on Amazon EKS: network, cluster, shared file system, access, and the \
                      bootstrap that installs the platform's chart"
            .to_owned(),
        ..Template::default()
    };
    parameters::add(&mut template, code);
    conditions::add(&mut template);
    for (_, add) in CHAPTERS {
        add(&mut template, code);
    }
    outputs::add(&mut template);
    debug_assert_eq!(template.clone().checked().err(), None, "the chapters name what none of them has");
    template
}

/// A function that adds the resources of a chapter.
type AddChapter = fn(&mut Template, &Code);

/// The chapters that have resources, in order.
const CHAPTERS: [(&str, AddChapter); 8] = [
    ("Network", |template, _| network::add(template)),
    ("Cluster", |template, _| cluster::add(template)),
    ("Nodes", |template, _| nodes::add(template)),
    ("Storage", |template, _| storage::add(template)),
    ("Access", |template, _| access::add(template)),
    ("Secrets", |template, _| secrets::add(template)),
    ("Audit", |template, _| audit::add(template)),
    ("Bootstrap", |template, code| bootstrap::add(template, code.architecture)),
];

/// The chapters of the template in order, with the logical ids of their resources.
pub fn chapters() -> Vec<(&'static str, Vec<LogicalId>)> {
    let ids = |add: AddChapter| {
        let mut template = Template::default();
        add(&mut template, &Code::default());
        template.resources.into_keys().collect()
    };
    CHAPTERS.into_iter().map(|(name, add)| (name, ids(add))).collect()
}
