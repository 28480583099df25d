//! The steps of a bootstrap and of its undoing, in their order.

use std::fmt;

/// One step. The order of [`Step::BOOTSTRAP`] and [`Step::DESTROY`] is the order of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Everything asked for is typed and validated.
    Request,
    /// The cluster is there, active, and lets us in.
    Cluster,
    /// The file system and its mount targets are available in the cluster's network.
    FileSystem,
    /// The EFS CSI driver is healthy.
    CsiDriver,
    /// Storage classes for shared files and for the databases.
    StorageClass,
    /// Nodes with GPUs can be had.
    Gpu,
    /// Namespace, service account and secrets, before the chart needs them.
    Namespace,
    /// The chart is pulled, verified and loaded.
    Chart,
    /// Values are merged and the chart is rendered and transformed.
    Values,
    /// The release is installed or upgraded.
    Release,
    /// Every object of the release is ready.
    Wait,
    /// The browser-side addresses point at the load balancers.
    Endpoints,
    /// What happened.
    Report,
    /// Undoing: the release is uninstalled.
    Uninstall,
    /// Undoing: the release's load balancers are gone.
    LoadBalancers,
    /// Undoing: claims and volumes are gone.
    Volumes,
    /// Undoing: the GPU node pool and its nodes are gone.
    NodePool,
    /// Undoing: storage classes, secrets, service account and namespace are gone.
    Platform,
}

impl Step {
    /// The steps of a bootstrap.
    pub const BOOTSTRAP: [Self; 13] = [
        Self::Request,
        Self::Cluster,
        Self::FileSystem,
        Self::CsiDriver,
        Self::StorageClass,
        Self::Gpu,
        Self::Namespace,
        Self::Chart,
        Self::Values,
        Self::Release,
        Self::Wait,
        Self::Endpoints,
        Self::Report,
    ];

    /// The steps of a destroy.
    pub const DESTROY: [Self; 8] = [
        Self::Request,
        Self::Cluster,
        Self::Uninstall,
        Self::LoadBalancers,
        Self::Volumes,
        Self::NodePool,
        Self::Platform,
        Self::Report,
    ];

    /// The name used in output, logs and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Cluster => "cluster",
            Self::FileSystem => "file-system",
            Self::CsiDriver => "csi-driver",
            Self::StorageClass => "storage-class",
            Self::Gpu => "gpu",
            Self::Namespace => "namespace",
            Self::Chart => "chart",
            Self::Values => "values",
            Self::Release => "release",
            Self::Wait => "wait",
            Self::Endpoints => "endpoints",
            Self::Report => "report",
            Self::Uninstall => "uninstall",
            Self::LoadBalancers => "load-balancers",
            Self::Volumes => "volumes",
            Self::NodePool => "node-pool",
            Self::Platform => "platform",
        }
    }

    /// What part of the time that is left this step may use, in percent.
    /// Later steps inherit what earlier ones did not need.
    pub const fn share(self) -> u32 {
        match self {
            Self::Request | Self::Values | Self::Report => 5,
            Self::StorageClass | Self::Namespace | Self::Chart => 10,
            Self::FileSystem | Self::Gpu => 20,
            Self::CsiDriver | Self::Release | Self::Uninstall | Self::LoadBalancers => 50,
            Self::Cluster | Self::Endpoints | Self::Volumes | Self::NodePool => 60,
            Self::Wait | Self::Platform => 90,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Step;

    #[test]
    fn names_differ_and_shares_leave_something() {
        let mut names: Vec<_> = Step::BOOTSTRAP.iter().chain(&Step::DESTROY).map(|step| step.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 18);
        for step in Step::BOOTSTRAP.iter().chain(&Step::DESTROY) {
            assert!((1..100).contains(&step.share()), "{step} takes {}", step.share());
        }
    }
}
