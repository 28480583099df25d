//! `cargo xtask sandbox`: the bootstrap against a real control plane and registry on this machine, by the command and
//! by the Lambda.
//!
//! Real processes on 127.0.0.1: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok as the kubelets,
//! an OCI registry. Played is only the cloud (`real/cloud/`, and the AWS services, CloudFormation and the Lambda
//! service of `aktus-sandbox`).
//!
//! All of it is in `real/`, behind the feature `sandbox`, so that the other tasks stay quick to build; without it this module
//! only builds what is needed, in one call of cargo, and starts that.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::tools::Tool;

#[cfg(not(feature = "sandbox"))]
mod launch;
#[cfg(feature = "sandbox")]
mod real;

#[cfg(not(feature = "sandbox"))]
pub(crate) use launch::run;
#[cfg(feature = "sandbox")]
pub(crate) use real::run;

/// What it takes; Helm 3 reads along where it is there.
pub(crate) const TOOLS: [Tool; 9] = [
    Tool::Etcd,
    Tool::KubeApiserver,
    Tool::KubeControllerManager,
    Tool::KubeScheduler,
    Tool::Kubectl,
    Tool::Kwok,
    Tool::Registry,
    Tool::Helm4,
    Tool::Karpenter,
];

/// Arguments of `cargo xtask sandbox`
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Options {
    /// Only a cluster of this mode
    #[arg(long, value_enum)]
    mode: Option<Mode>,
    /// Bootstrap by the command, leave everything running and say how to reach it, until Ctrl-C
    #[arg(long)]
    keep: bool,
    /// Use this Lambda binary instead of the one built here
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

/// How the cluster runs its nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// EKS Auto Mode
    Auto,
    /// A node group and add-ons
    Traditional,
}

impl Mode {
    /// As on the command line.
    fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Traditional => "traditional",
        }
    }
}
