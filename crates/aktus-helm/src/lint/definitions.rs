//! The rules about `crds/`, which only Helm 4 has.

use super::target::Kind;
use super::{Linter, Severity, documents};
use crate::chart::{Chart, File};

const FOLDER: &str = "crds/";

pub(super) fn check(linter: &mut Linter<'_>) {
    match linter.target.kind("crds") {
        Kind::Missing => return,
        Kind::File => {
            linter.rule(Severity::Error, FOLDER, Err("not a directory".to_owned()));
            return;
        }
        Kind::Directory => {}
    }
    let chart = match linter.target.load(linter.options) {
        Ok(chart) => chart,
        Err(error) => {
            linter.rule(Severity::Error, FOLDER, Err(error.to_string()));
            return;
        }
    };
    let mut files = Vec::new();
    collect(&chart, &mut files);
    let options = linter.options;
    for file in files {
        for document in documents::documents(file.data(), options.profile, &options.limits.yaml) {
            let document = match document {
                Ok(Some(document)) => document,
                Ok(None) => continue,
                Err(error) => {
                    linter.rule(Severity::Error, file.name(), Err(error));
                    return;
                }
            };
            let group = document.api_version.starts_with("apiextensions.k8s.io");
            let kind = document.kind == "CustomResourceDefinition";
            let say = |fine: bool, problem: &str| if fine { Ok(()) } else { Err(problem.to_owned()) };
            linter.rule(Severity::Error, file.name(), say(group, "apiVersion is not in 'apiextensions.k8s.io'"));
            let problem = "object kind is not 'CustomResourceDefinition'";
            linter.rule(Severity::Error, file.name(), say(kind, problem));
        }
    }
}

fn collect<'a>(chart: &'a Chart, files: &mut Vec<&'a File>) {
    files.extend(chart.crds());
    for below in chart.dependencies() {
        collect(below, files);
    }
}
