//! Storage classes for shared files and for the databases.

use aktus_k8s::platform::{EbsProvisioner, ebs_storage_class, efs_storage_class};

use crate::context::{Context, StepResult};
use crate::failure::build;
use crate::report::Outcome;
use crate::request::Mode;

pub(super) async fn run(context: &mut Context<'_>) -> StepResult {
    let provisioner = match context.request.mode {
        Mode::Auto => EbsProvisioner::AutoMode,
        Mode::Traditional => EbsProvisioner::Driver,
    };
    let classes = vec![
        efs_storage_class(&context.owner, &context.request.file_system_id).map_err(|error| build(&error))?,
        ebs_storage_class(&context.owner, provisioner).map_err(|error| build(&error))?,
    ];
    let summary = classes.iter().map(|class| class.name().to_owned()).collect::<Vec<_>>().join(", ");
    // Parameters cannot be changed (L16); no volume is lost with its class.
    let ids: Vec<_> = classes.iter().map(aktus_k8s::Object::id).collect();
    match context.ensure(classes, &ids).await? {
        0 => Ok(Outcome::Unchanged(summary)),
        _ => Ok(Outcome::Done(summary)),
    }
}
