//! `aktus plan`

use std::path::PathBuf;

use aktus_bootstrap::{Access, ChartSource, Deadline, Request, Silent, preview};
use aktus_template::Pseudo;
use clap::Args;

use super::template::parameters::{Setting, StackArguments, setting};
use super::{conclude_with, write_whole};
use crate::cli::{ClusterArguments, Mode, PlatformArguments};
use crate::error::CliError;
use crate::plan::{Stack, WholePlan, page, stack};
use crate::ui::Ui;
use crate::world::Place;

/// Stands for the file system that the stack creates.
const FILE_SYSTEM: &str = "fs-00000000";
/// The region of a stack when none is named.
const REGION: &str = "us-east-1";

/// Say what stack and bootstrap would do, and do nothing
#[derive(Args, Debug)]
pub(crate) struct Plan {
    #[command(flatten)]
    cluster: ClusterArguments,
    #[command(flatten)]
    platform: PlatformArguments,

    /// Ask no cluster and no AWS: everything counts as new
    #[arg(long, conflicts_with_all = ["kubeconfig", "cluster", "context"])]
    offline: bool,

    /// Also write the plan as a page that needs no network and no scripts
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// A parameter of the template; lists have commas
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = setting, help_heading = "Stack")]
    parameters: Vec<Setting>,

    /// Leave the stack out: the cluster was made without one
    #[arg(long, help_heading = "Stack", conflicts_with = "parameters")]
    no_stack: bool,

    #[command(flatten)]
    stack: StackArguments,
}

impl Plan {
    pub(crate) async fn run(mut self, ui: Ui) -> Result<(), CliError> {
        let deadline = Deadline::after(self.cluster.timeout);
        if let Some((_, auto)) = self.parameters.iter().rev().find(|(name, _)| name == "EnableAutoMode") {
            self.cluster.mode = if auto == "false" { Mode::Traditional } else { Mode::Auto };
        }
        let mut assumed = Vec::new();
        if self.offline && !self.cluster.sandbox && !self.no_stack && self.platform.file_system.is_none() {
            self.platform.file_system = Some(FILE_SYSTEM.to_owned());
            assumed.push(format!("{FILE_SYSTEM} stands for the file system that the stack creates"));
        }
        let mut place = if self.offline {
            Place::offline(&self.cluster, &self.platform.registry).await?
        } else {
            Place::open(&self.cluster, &self.platform.registry).await?
        };
        if self.offline {
            place.world.access = Access::None;
            place.world.cloud = aktus_bootstrap::Cloud::Local;
        }
        let request = place.request(&self.cluster, &self.platform)?;
        let (stack, request) = self.with_stack(request)?;
        let mut preview = preview(&request, &place.world, deadline, &Silent).await;
        place.close().await;
        preview.report.warnings.extend(assumed);
        let plan = WholePlan { facts: facts(&request, stack.as_ref(), &preview), stack, preview };
        if let Some(path) = &self.html {
            write_whole(path, page(&plan).as_bytes(), "name a file that can be written with --html")?;
        }
        ui.plan(&plan)?;
        conclude_with(ui, &plan.preview.report)
    }

    /// The stack of the plan, and the request its custom resource makes.
    fn with_stack(&self, request: Request) -> Result<(Option<Stack>, Request), CliError> {
        if self.no_stack {
            return Ok((None, request));
        }
        let region = request.region.clone().or_else(|| self.cluster.region.clone());
        let pseudo: Pseudo = self.stack.pseudo(region.as_deref().unwrap_or(REGION));
        // Where there is a cluster already there may be a stack, too.
        let change = if self.offline || self.cluster.sandbox { "create" } else { "desired" };
        let (stack, request) = stack(request, &self.parameters, &pseudo, change)?;
        Ok((Some(stack), request))
    }
}

/// What the plan is for, in a line each.
fn facts(request: &Request, stack: Option<&Stack>, preview: &aktus_bootstrap::Preview) -> Vec<(&'static str, String)> {
    let mode = match request.mode {
        aktus_bootstrap::Mode::Auto => "Auto Mode",
        aktus_bootstrap::Mode::Traditional => "Traditional Mode",
    };
    let mut facts = vec![("Mode", mode.to_owned())];
    if let Some(stack) = stack {
        facts.push(("Stack", stack.name.clone()));
    }
    if let Some(region) = &request.region {
        facts.push(("Region", region.clone()));
    }
    if let Some(cluster) = &request.cluster_name {
        facts.push(("Cluster", cluster.clone()));
    }
    facts.push(("Namespace", request.namespace.clone()));
    facts.push(("Release", request.release.clone()));
    let chart = match (&preview.report.release, &request.chart) {
        (Some(release), _) => release.chart.clone(),
        (None, None) => "none".to_owned(),
        (None, Some(ChartSource::Registry { reference, version })) => {
            format!("{reference} {}", version.as_deref().unwrap_or_default())
        }
        (None, Some(ChartSource::Path(path))) => path.display().to_string(),
    };
    facts.push(("Chart", chart));
    facts
}
