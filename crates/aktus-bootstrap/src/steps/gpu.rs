//! Nodes with GPUs can be had: a node pool in Auto Mode, the device plug-in on GPU nodes of Traditional Mode.

use aktus_k8s::platform::{GpuLimits, device_plugin, gpu_node_pool, namespace};

use crate::context::{Context, StepResult};
use crate::failure::build;
use crate::report::Outcome;
use crate::request::Mode;

/// NVIDIA's plug-in; it only has to know the nodes' driver.
const DEVICE_PLUGIN_IMAGE: &str = "nvcr.io/nvidia/k8s-device-plugin:v0.17.4";

pub(super) async fn run(context: &mut Context<'_>) -> StepResult {
    let request = context.request;
    let (objects, summary) = match request.mode {
        Mode::Auto => {
            let limits = GpuLimits { gpus: request.gpu_limit, ..GpuLimits::default() };
            let pool = gpu_node_pool(&context.owner, limits).map_err(|error| build(&error))?;
            (vec![pool], format!("node pool with at most {} GPUs", request.gpu_limit))
        }
        Mode::Traditional if request.gpu_nodes => {
            let home = namespace(&context.owner, &request.namespace).map_err(|error| build(&error))?;
            let plugin = device_plugin(&context.owner, &request.namespace, DEVICE_PLUGIN_IMAGE);
            (vec![home, plugin.map_err(|error| build(&error))?], "NVIDIA device plug-in".to_owned())
        }
        Mode::Traditional => return Ok(Outcome::Skipped("the nodes have no GPUs".to_owned())),
    };
    let ids: Vec<_> = objects.iter().map(aktus_k8s::Object::id).collect();
    let written = context.ensure(objects, &[]).await?;
    if !context.planning() {
        let until = context.until();
        context.wait_for(&ids, until).await?;
    }
    Ok(if written == 0 { Outcome::Unchanged(summary) } else { Outcome::Done(summary) })
}
