//! Errors of the crates below, as failures of a step: object, cause, next step, kind.

use std::error::Error;

use aktus_helm::oci::{PullClass, PullError};
use aktus_k8s::lease::LeaseError;
use aktus_k8s::{ApiError, ApplyError, ApplyProblem, Class, ConnectError, ObjectError, PlanError};
use aktus_release::ReleaseError;

use crate::report::{Failure, FailureKind};

/// An error with everything behind it, on one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        // Some libraries repeat their cause in their own text.
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        source = error.source();
    }
    text
}

fn kind(class: Class) -> FailureKind {
    match class {
        Class::Unreachable | Class::Untrusted => FailureKind::Unreachable,
        Class::Deadline | Class::Terminating => FailureKind::NotReady,
        Class::Fenced => FailureKind::Interrupted,
        _ => FailureKind::Refused,
    }
}

/// A call to the API server that failed.
pub(crate) fn api(error: &ApiError) -> Failure {
    let failure = Failure::new(
        // A deadline that passed because nobody answered is no slow cluster.
        if matches!(error, ApiError::Deadline { .. }) && error.status().is_none() {
            FailureKind::Unreachable
        } else {
            kind(error.class())
        },
        chain(error),
    );
    match error.advice() {
        Some(advice) => failure.next(advice),
        None => failure,
    }
}

/// An object that could not be written.
pub(crate) fn object(error: &ApplyError) -> Failure {
    let failure = Failure::new(kind(error.class()), chain(error)).about(error.id.to_string());
    match &error.problem {
        ApplyProblem::Api(error) => match error.advice() {
            Some(advice) => failure.next(advice),
            None => failure,
        },
        ApplyProblem::Immutable { .. } => {
            failure.next("delete the object yourself if losing it is acceptable, and run the same command again")
        }
        ApplyProblem::NotGone { .. } | ApplyProblem::NotEstablished { .. } => {
            failure.next("mend the cause and run the same command again")
        }
    }
}

/// A plan that could not be made.
pub(crate) fn plan(error: &PlanError) -> Failure {
    match error {
        PlanError::Api(error) => api(error),
        other => Failure::new(FailureKind::Chart, chain(other)),
    }
}

/// A cluster that could not even be tried.
pub(crate) fn connect(error: &ConnectError) -> Failure {
    let failure = Failure::new(FailureKind::Request, chain(error)).about("cluster");
    match error {
        ConnectError::NoTlsProvider => Failure { kind: FailureKind::Internal, ..failure },
        ConnectError::Kubeconfig { .. } => failure.next("name a readable file with --kubeconfig"),
        _ => failure,
    }
}

/// An object of ours that cannot be built.
pub(crate) fn build(error: &ObjectError) -> Failure {
    Failure::new(FailureKind::Internal, chain(error))
}

/// The Lease could not be had or kept.
pub(crate) fn lease(error: &LeaseError) -> Failure {
    match error {
        LeaseError::Api(error) => api(error),
        LeaseError::Held { .. } | LeaseError::Lost { .. } | LeaseError::NotAdmitted { .. } => {
            Failure::new(FailureKind::Refused, error.to_string())
                .next("let that run end, then run the same command again")
        }
        LeaseError::Object(error) => build(error),
    }
}

/// A chart that could not be pulled, as a failure with a next step.
pub fn pull(reference: &str, error: &PullError) -> Failure {
    let (kind, next) = match error.class() {
        PullClass::Input => (FailureKind::Request, Some("check the chart reference and its version")),
        PullClass::Unreachable => {
            (FailureKind::Unreachable, Some("check the registry's address and the network path to it"))
        }
        PullClass::Login => (FailureKind::Refused, Some("check the user name and password for the registry")),
        PullClass::Permission => (
            FailureKind::Refused,
            Some("ask for permission to pull; a Marketplace chart needs a subscription of this AWS account"),
        ),
        PullClass::NotFound => (FailureKind::Refused, Some("check the repository and the version of the chart")),
        PullClass::Integrity => (FailureKind::Refused, Some("do not use this chart; tell whoever runs the registry")),
        _ => (FailureKind::Refused, None),
    };
    let failure = Failure::new(kind, chain(error)).about(format!("chart {reference}"));
    match next {
        Some(next) => failure.next(next),
        None => failure,
    }
}

/// A release that could not be read or written.
pub(crate) fn release(error: &ReleaseError) -> Failure {
    match error {
        ReleaseError::Api(error) => api(error),
        ReleaseError::Apply(error) => object(error),
        ReleaseError::Plan(error) => plan(error),
        ReleaseError::NotOurs { id, .. } => Failure::new(FailureKind::Refused, error.to_string())
            .about(id.to_string())
            .next("delete the object, or give it the labels and annotations of this release if it should belong to it"),
        ReleaseError::Record { id, .. } => Failure::new(FailureKind::Refused, chain(error))
            .about(id.to_string())
            .next("mend or delete the record, then run the same command again"),
        ReleaseError::Definition { id, .. } => Failure::new(FailureKind::NotReady, error.to_string())
            .about(id.to_string())
            .next("see the conditions of the definition, then run the same command again"),
        ReleaseError::Hook { hook, .. } => Failure::new(FailureKind::NotReady, error.to_string())
            .about(hook.clone())
            .next("see the hook's pods and events, then run the same command again"),
        ReleaseError::TooLarge { .. } => Failure::new(FailureKind::Chart, error.to_string())
            .next("make the chart smaller, for example by leaving files out with .helmignore; nothing was changed"),
        ReleaseError::Unrecorded { work, record } => {
            let mut failure = release(work);
            let cause = format!("{}; besides, the release could not be marked failed: {record}", failure.cause);
            failure.cause = cause;
            failure
        }
        other => Failure::new(FailureKind::Chart, chain(other)).next("correct the chart or its values"),
    }
}
