//! Undoing: the GPU node pool and its nodes are gone, while the controller that removes them still runs (F13).

use aktus_k8s::platform::GPU_NODE_POOL;
use aktus_k8s::{Class, ObjectId, Selector};

use super::load_balancers::{exactly, gone};
use super::volumes::delete;
use crate::context::{Context, StepResult};
use crate::failure::api;
use crate::report::Outcome;
use crate::request::Mode;

const API: &str = "karpenter.sh/v1";

pub(super) async fn run(context: &mut Context<'_>) -> StepResult {
    if context.request.mode == Mode::Traditional {
        return Ok(Outcome::Skipped("only Auto Mode has node pools".to_owned()));
    }
    let (cluster, until) = (context.cluster()?, context.until());
    let pool = match cluster.get(&ObjectId::cluster_scoped(API, "NodePool", GPU_NODE_POOL), until).await {
        Ok(Some(pool)) => pool,
        Ok(None) => return Ok(Outcome::Unchanged("no node pool is left".to_owned())),
        Err(error) if error.class() == Class::UnknownKind => {
            return Ok(Outcome::Skipped("the cluster has no node pools".to_owned()));
        }
        Err(error) => return Err(api(&error)),
    };
    if let Some(reason) = context.owner.ownership().missing(&pool) {
        context.warn(format!("{} stays: {reason}", pool.id()));
        return Ok(Outcome::Skipped("the node pool is not ours".to_owned()));
    }
    delete(context, &pool).await?;
    let mut targets = vec![exactly(&pool)];
    let nodes = Selector::labels(format!("karpenter.sh/nodepool={GPU_NODE_POOL}"));
    match cluster.list(API, "NodeClaim", None, &nodes, until).await {
        Ok(claims) => targets.extend(claims.iter().map(exactly)),
        Err(error) if error.class() == Class::UnknownKind => {}
        Err(error) => return Err(api(&error)),
    }
    gone(context, &targets, "Auto Mode drains the nodes first; pods with disruption budgets may hold it").await?;
    Ok(Outcome::Done(format!("{GPU_NODE_POOL} is gone")))
}
