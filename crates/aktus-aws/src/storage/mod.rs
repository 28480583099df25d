//! Is this EFS file system available, and can the cluster's VPC mount it?

use thiserror::Error;
use tokio::time::Instant;

use crate::error::{Call, CallError, Class};
use crate::wait::Wait;
use crate::{Aws, OnWait};

/// An EFS file system with its mount targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSystem {
    /// The id, `fs-…`.
    pub id: String,
    /// `creating`, `available`, `updating`, `deleting`, `deleted`, `error`, or what AWS adds.
    pub state: String,
    /// Its mount targets, in every VPC.
    pub mount_targets: Vec<MountTarget>,
}

/// Where a file system can be mounted: an address in one subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountTarget {
    /// The id, `fsmt-…`.
    pub id: String,
    /// The subnet.
    pub subnet_id: String,
    /// The VPC of the subnet.
    pub vpc_id: String,
    /// The availability zone, such as `us-west-2a`.
    pub zone: String,
    /// As for a file system.
    pub state: String,
}

/// Why a file system cannot be used.
#[derive(Debug, Error)]
pub enum StorageError {
    /// AWS did not answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The file system, or a mount target of it, will never become available.
    #[error("{what} is in state {state}; create it anew or name another file system")]
    Dead {
        /// The file system.
        id: String,
        /// The file system or the mount target, in words.
        what: String,
        /// The state.
        state: String,
    },
    /// The VPC has no mount target.
    #[error(
        "file system {id} has no mount target in {vpc_id}, the VPC of the cluster{elsewhere}; create \
         one in each subnet of the nodes"
    )]
    Unreachable {
        /// The file system.
        id: String,
        /// The VPC.
        vpc_id: String,
        /// Where it has some, as the rest of a sentence, or nothing.
        elsewhere: String,
    },
    /// The file system did not become available in time.
    #[error("file system {id} did not become available in time: {reason}; try again later")]
    NotAvailable {
        /// The file system.
        id: String,
        /// What it was last waiting for.
        reason: String,
    },
}

impl StorageError {
    /// What kind of failure it is, as far as AWS's answer tells.
    pub fn class(&self) -> Class {
        match self {
            Self::Call(error) => error.class,
            _ => Class::Other,
        }
    }
}

impl Aws {
    /// Describes a file system and its mount targets, whatever their states.
    ///
    /// Errors when AWS does not answer or knows no such file system.
    pub async fn file_system(&self, id: &str) -> Result<FileSystem, StorageError> {
        let resource = format!("file system {id}");
        let action = "elasticfilesystem:DescribeFileSystems";
        let call = Call { action, resource: &resource, region: self.region() };
        let answer = self.efs.describe_file_systems().file_system_id(id).send().await;
        let answer = answer.map_err(|error| call.failed(&error))?;
        let found = answer.file_systems().iter().find(|found| found.file_system_id() == id);
        let found = found.ok_or_else(|| call.incomplete("file system of this id"))?;
        let state = found.life_cycle_state().as_str().to_owned();

        let action = "elasticfilesystem:DescribeMountTargets";
        let call = Call { action, ..call };
        let pages = self.efs.describe_mount_targets().file_system_id(id).into_paginator();
        let targets: Result<Vec<_>, _> = pages.items().send().collect().await;
        let mut mount_targets: Vec<MountTarget> = targets
            .map_err(|error| call.failed(&error))?
            .iter()
            .map(|target| MountTarget {
                id: target.mount_target_id().to_owned(),
                subnet_id: target.subnet_id().to_owned(),
                vpc_id: target.vpc_id().unwrap_or_default().to_owned(),
                zone: target.availability_zone_name().unwrap_or_default().to_owned(),
                state: target.life_cycle_state().as_str().to_owned(),
            })
            .collect();
        mount_targets.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        Ok(FileSystem { id: id.to_owned(), state, mount_targets })
    }

    /// Waits until a file system and all its mount targets in `vpc_id` are available, asking again
    /// until `until` and telling `on_wait` why.
    ///
    /// Mount targets that are being deleted do not count. Errors at once when the file system or a
    /// mount target in the VPC is in a state that cannot lead there, when the VPC has no mount
    /// target, when the file system does not exist or may not be described, and at `until` with the
    /// last reason.
    pub async fn wait_for_file_system(
        &self,
        id: &str,
        vpc_id: &str,
        until: Instant,
        on_wait: OnWait<'_>,
    ) -> Result<FileSystem, StorageError> {
        let mut wait = Wait::new("elasticfilesystem:DescribeFileSystems", until, self.config.poll_interval(), on_wait);
        while let Some(answer) = wait.ask(self.file_system(id)).await {
            let reason = match answer {
                Ok(file_system) => match missing(&file_system, vpc_id)? {
                    None => return Ok(file_system),
                    Some(reason) => reason,
                },
                Err(StorageError::Call(error)) if error.class.is_temporary() => error.to_string(),
                Err(error) => return Err(error),
            };
            if !wait.pause(reason).await {
                break;
            }
        }
        Err(StorageError::NotAvailable { id: id.to_owned(), reason: wait.into_reason() })
    }
}

/// What a file system still lacks to be mounted from a VPC, or `None`.
fn missing(file_system: &FileSystem, vpc_id: &str) -> Result<Option<String>, StorageError> {
    let FileSystem { id, state, mount_targets } = file_system;
    let dead = |what: String, state: &str| StorageError::Dead { id: id.clone(), what, state: state.to_owned() };
    match state.as_str() {
        "error" | "deleting" | "deleted" => return Err(dead(format!("file system {id}"), state)),
        // A file system whose throughput changes stays mountable.
        "available" | "updating" => {}
        _ => return Ok(Some(format!("file system {id} is {state}"))),
    }
    let leaving = |target: &&MountTarget| matches!(target.state.as_str(), "deleting" | "deleted");
    let mut here = mount_targets.iter().filter(|target| target.vpc_id == vpc_id && !leaving(target)).peekable();
    if here.peek().is_none() {
        let mut others: Vec<&str> =
            mount_targets.iter().filter(|target| !leaving(target)).map(|target| target.vpc_id.as_str()).collect();
        others.dedup();
        let elsewhere = match others.as_slice() {
            [] => String::new(),
            others => format!(", only in {}", others.join(", ")),
        };
        return Err(StorageError::Unreachable { id: id.clone(), vpc_id: vpc_id.to_owned(), elsewhere });
    }
    for target in here {
        match target.state.as_str() {
            "available" | "updating" => {}
            "error" => return Err(dead(format!("mount target {} of file system {id}", target.id), "error")),
            state => {
                let MountTarget { id: target, zone, .. } = target;
                return Ok(Some(format!("mount target {target} of file system {id} in {zone} is {state}")));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::{FileSystem, MountTarget, missing};

    /// A file system with mount targets, each a VPC and a state.
    fn file_system(state: &str, targets: &[(&str, &str)]) -> FileSystem {
        let mount_targets = targets
            .iter()
            .enumerate()
            .map(|(index, (vpc_id, state))| MountTarget {
                id: format!("fsmt-{index}"),
                subnet_id: format!("subnet-{index}"),
                vpc_id: (*vpc_id).to_owned(),
                zone: "us-west-2a".to_owned(),
                state: (*state).to_owned(),
            })
            .collect();
        FileSystem { id: "fs-1".to_owned(), state: state.to_owned(), mount_targets }
    }

    #[track_caller]
    fn check(state: &str, targets: &[(&str, &str)], expected: Result<Option<&str>, &str>) {
        let found = missing(&file_system(state, targets), "vpc-1").map_err(|error| error.to_string());
        let found = found.as_ref().map(Option::as_deref).map_err(String::as_str);
        assert_eq!(found, expected, "{state} {targets:?}");
    }

    #[test]
    fn a_file_system_is_usable_once_every_mount_target_of_the_vpc_is() {
        check("available", &[("vpc-1", "available"), ("vpc-1", "available")], Ok(None));
        check("updating", &[("vpc-1", "updating")], Ok(None));
        check("available", &[("vpc-1", "available"), ("vpc-2", "error")], Ok(None));
        check("available", &[("vpc-1", "available"), ("vpc-1", "deleting")], Ok(None));
        check("creating", &[], Ok(Some("file system fs-1 is creating")));
        check(
            "available",
            &[("vpc-1", "available"), ("vpc-1", "creating")],
            Ok(Some("mount target fsmt-1 of file system fs-1 in us-west-2a is creating")),
        );
    }

    #[test]
    fn what_waiting_cannot_mend_fails_at_once() {
        for state in ["error", "deleting", "deleted"] {
            let words = format!("file system fs-1 is in state {state}; create it anew or name another file system");
            check(state, &[("vpc-1", "available")], Err(words.as_str()));
        }
        check(
            "available",
            &[("vpc-1", "error")],
            Err(
                "mount target fsmt-0 of file system fs-1 is in state error; create it anew or name another file system",
            ),
        );
        check(
            "available",
            &[],
            Err("file system fs-1 has no mount target in vpc-1, the VPC of the cluster; create one in \
                 each subnet of the nodes"),
        );
        check(
            "available",
            &[("vpc-2", "available"), ("vpc-2", "available"), ("vpc-1", "deleted")],
            Err("file system fs-1 has no mount target in vpc-1, the VPC of the cluster, only in vpc-2; \
                 create one in each subnet of the nodes"),
        );
    }
}
