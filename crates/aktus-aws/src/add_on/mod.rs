//! Is this add-on of the cluster healthy, and if not, why?

use aws_sdk_eks::types::{Addon, AddonHealth};
use thiserror::Error;
use tokio::time::Instant;

use crate::cluster::HealthIssue;
use crate::error::{Call, CallError, Class};
use crate::wait::Wait;
use crate::{Aws, OnWait};

/// An add-on of an EKS cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddOn {
    /// The name, such as `aws-efs-csi-driver`.
    pub name: String,
    /// The cluster.
    pub cluster: String,
    /// The version, ending in `-eksbuild.N`.
    pub version: String,
    /// `CREATING`, `ACTIVE`, `UPDATING`, `DELETING`, `DEGRADED`, `CREATE_FAILED`, `DELETE_FAILED`,
    /// `UPDATE_FAILED`, or what AWS adds.
    pub status: String,
    /// What is wrong with it.
    pub issues: Vec<HealthIssue>,
}

impl AddOn {
    /// The status and what is wrong, in words, with what to do about it where that is known.
    pub fn reason(&self) -> String {
        let mut reason = format!("add-on {} is {}", self.name, self.status);
        for (index, issue) in self.issues.iter().enumerate() {
            reason.push_str(if index == 0 { ": " } else { "; " });
            reason.push_str(&issue.to_string());
            if let Some(remedy) = remedy(&issue.code) {
                reason.push_str(", ");
                reason.push_str(remedy);
            }
        }
        reason
    }
}

/// What to do about an issue, for the codes of the EKS API (`AddonIssueCode`).
fn remedy(code: &str) -> Option<&'static str> {
    Some(match code {
        "InsufficientNumberOfReplicas" => "see why its pods in kube-system do not run",
        "AccessDenied" | "AddonPermissionFailure" => "check the role of the add-on",
        "ConfigurationConflict" => "install it with resolveConflicts OVERWRITE",
        "AdmissionRequestDenied" => "see which admission webhook refuses it",
        "ClusterUnreachable" => "check the subnets and security groups of the cluster",
        "K8sResourceNotFound" => "install it again",
        "UnsupportedAddonModification" => "undo the change made to its objects",
        "AddonSubscriptionNeeded" => "subscribe to it in AWS Marketplace",
        _ => return None,
    })
}

/// Why an add-on cannot be used.
#[derive(Debug, Error)]
pub enum AddOnError {
    /// AWS did not answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The add-on will not become active by waiting.
    #[error("{reason}; repair or install the add-on of cluster {cluster} anew")]
    Failed {
        /// The add-on.
        name: String,
        /// The cluster.
        cluster: String,
        /// The status and what is wrong, in words.
        reason: String,
    },
    /// The add-on did not become active in time.
    #[error("add-on {name} of cluster {cluster} did not become ACTIVE in time: {reason}")]
    NotActive {
        /// The add-on.
        name: String,
        /// The cluster.
        cluster: String,
        /// What it was last waiting for.
        reason: String,
    },
}

impl AddOnError {
    /// What kind of failure it is, as far as AWS's answer tells.
    pub fn class(&self) -> Class {
        match self {
            Self::Call(error) => error.class,
            _ => Class::Other,
        }
    }
}

impl Aws {
    /// Describes an add-on, whatever its status. Errors when AWS does not answer.
    pub async fn add_on(&self, cluster: &str, name: &str) -> Result<AddOn, AddOnError> {
        let resource = format!("add-on {name} of cluster {cluster}");
        let call = Call { action: "eks:DescribeAddon", resource: &resource, region: self.region() };
        let answer = self.eks.describe_addon().cluster_name(cluster).addon_name(name).send().await;
        let answer = answer.map_err(|error| call.failed(&error))?;
        let add_on = answer.addon.ok_or_else(|| call.incomplete("add-on"))?;
        let status = add_on.status().ok_or_else(|| call.incomplete("status"))?.as_str().to_owned();
        Ok(AddOn {
            name: name.to_owned(),
            cluster: cluster.to_owned(),
            version: add_on.addon_version().unwrap_or_default().to_owned(),
            status,
            issues: issues(&add_on),
        })
    }

    /// The names of all add-ons of a cluster, sorted. Errors when AWS does not answer.
    pub async fn add_ons(&self, cluster: &str) -> Result<Vec<String>, AddOnError> {
        let resource = format!("cluster {cluster}");
        let call = Call { action: "eks:ListAddons", resource: &resource, region: self.region() };
        let pages = self.eks.list_addons().cluster_name(cluster).into_paginator();
        let names: Result<Vec<String>, _> = pages.items().send().collect().await;
        let mut names = names.map_err(|error| call.failed(&error))?;
        names.sort_unstable();
        Ok(names)
    }

    /// Waits until an add-on is active, asking again until `until` and telling `on_wait` why.
    ///
    /// A degraded add-on is waited for: its pods may only lack nodes. Errors at once when it has
    /// failed, is being deleted, does not exist or may not be described, and at `until` with the
    /// last reason.
    pub async fn wait_for_add_on(
        &self,
        cluster: &str,
        name: &str,
        until: Instant,
        on_wait: OnWait<'_>,
    ) -> Result<AddOn, AddOnError> {
        let mut wait = Wait::new("eks:DescribeAddon", until, self.config.poll_interval(), on_wait);
        while let Some(answer) = wait.ask(self.add_on(cluster, name)).await {
            let reason = match answer {
                Ok(add_on) => match add_on.status.as_str() {
                    "ACTIVE" => return Ok(add_on),
                    "CREATE_FAILED" | "UPDATE_FAILED" | "DELETE_FAILED" | "DELETING" => {
                        let reason = add_on.reason();
                        return Err(AddOnError::Failed { name: add_on.name, cluster: add_on.cluster, reason });
                    }
                    _ => add_on.reason(),
                },
                Err(AddOnError::Call(error)) if error.class.is_temporary() => error.to_string(),
                Err(error) => return Err(error),
            };
            if !wait.pause(reason).await {
                break;
            }
        }
        Err(AddOnError::NotActive { name: name.to_owned(), cluster: cluster.to_owned(), reason: wait.into_reason() })
    }
}

fn issues(add_on: &Addon) -> Vec<HealthIssue> {
    let issues = add_on.health().map(AddonHealth::issues).unwrap_or_default();
    issues
        .iter()
        .map(|issue| HealthIssue {
            code: issue.code().map_or("Unknown", |code| code.as_str()).to_owned(),
            message: issue.message().unwrap_or_default().to_owned(),
            resources: issue.resource_ids().to_vec(),
        })
        .collect()
}
