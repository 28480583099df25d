//! What parliament says of the policies that the template creates.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use aktus_template::{ResourceGraph, Token, tokens};
use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use super::evaluated::{ACCOUNT, REGION, stacks, without_nulls};
use super::explained::{Explained, Finding};
use crate::command::{output, root};

/// ARNs that only AWS can tell: the type, the attribute that is one (none for `Ref`), and what stands around the name.
const ARNS: [(&str, &str, &str, &str); 6] = [
    ("AWS::EFS::FileSystem", "Arn", "elasticfilesystem:REGION:ACCOUNT:file-system/fs-", ""),
    ("AWS::EKS::Cluster", "Arn", "eks:REGION:ACCOUNT:cluster/", ""),
    ("AWS::Lambda::Function", "Arn", "lambda:REGION:ACCOUNT:function:", ""),
    ("AWS::Logs::LogGroup", "Arn", "logs:REGION:ACCOUNT:log-group:", ":*"),
    ("AWS::S3::Bucket", "Arn", "s3:::", ""),
    ("AWS::SecretsManager::Secret", "", "secretsmanager:REGION:ACCOUNT:secret:", "-AbCdEf"),
];

/// Types and the properties that are policies.
const POLICIES: [(&str, &str); 3] = [
    ("AWS::IAM::ManagedPolicy", "PolicyDocument"),
    ("AWS::IAM::Policy", "PolicyDocument"),
    ("AWS::S3::BucketPolicy", "PolicyDocument"),
];

/// One line of what parliament says.
#[derive(Deserialize)]
struct Issue {
    #[serde(rename = "issue")]
    rule: String,
    title: String,
    detail: Value,
}

/// Errs when parliament finds something in a policy that is not explained.
pub(super) fn judge(program: &Path) -> Result<()> {
    let explained = Explained::read(&root().join("crates/aktus-template/parliament.toml"))?;
    let mut documents = BTreeMap::new();
    for stack in &stacks()? {
        for (place, document) in policies(stack)? {
            documents.insert(document.to_string(), place);
        }
    }
    let mut findings = Vec::new();
    for (document, place) in &documents {
        let said = output(Command::new(program).args(["--json", "--string", document]))?;
        let text = String::from_utf8_lossy(&said.stdout);
        for line in text.lines() {
            let Issue { rule, title, detail } = serde_json::from_str(line)
                .with_context(|| format!("{} says `{line}`, which is no issue", program.display()))?;
            findings.push(Finding::new(&rule, &format!("{title} {detail}"), place.split('.')));
        }
        // It says nothing and succeeds, or says something and ends with 1.
        if said.status.code() != Some(i32::from(!text.is_empty())) {
            let error = String::from_utf8_lossy(&said.stderr);
            bail!("{} ended with {}: {}", program.display(), said.status, error.trim());
        }
    }
    if documents.is_empty() {
        bail!("the template has no policies for parliament");
    }
    explained.settle("parliament", &findings)?;
    eprintln!("parliament found nothing unexplained in {} policies", documents.len());
    Ok(())
}

/// The policies of a stack with their places, with likely ARNs for those that only AWS can tell.
fn policies(stack: &ResourceGraph) -> Result<Vec<(String, Value)>> {
    let mut found = Vec::new();
    for (id, resource) in &stack.resources {
        for (_, property) in POLICIES.iter().filter(|(kind, _)| *kind == resource.kind) {
            if let Some(document) = resource.properties.get(*property) {
                found.push((format!("Resources.{id}.Properties.{property}"), document.to_json(false)));
            }
        }
        let inline = resource.properties.get("Policies").filter(|_| resource.kind == "AWS::IAM::Role");
        if let Some(Value::Array(inline)) = inline.map(|policies| policies.to_json(false)) {
            let documents = inline.into_iter().enumerate().map(|(index, mut policy)| {
                (format!("Resources.{id}.Properties.Policies.{index}.PolicyDocument"), policy["PolicyDocument"].take())
            });
            found.extend(documents);
        }
    }
    let told = found.into_iter().map(|(place, document)| {
        let document = told(stack, without_nulls(document)).with_context(|| place.clone())?;
        Ok((place, document))
    });
    told.collect()
}

/// The value with what only AWS can tell made up.
fn told(stack: &ResourceGraph, value: Value) -> Result<Value> {
    Ok(match value {
        Value::String(text) => {
            let pieces = tokens(&text).into_iter().map(|token| match token {
                Token::Text(text) => Ok(text.to_owned()),
                Token::Variable(what) => made_up(stack, what),
                Token::Literal(name) => Ok(format!("${{{name}}}")),
            });
            Value::String(pieces.collect::<Result<String>>()?)
        }
        Value::Array(items) => items.into_iter().map(|item| told(stack, item)).collect::<Result<_>>()?,
        Value::Object(entries) => {
            let entries = entries.into_iter().map(|(key, entry)| Ok((key, told(stack, entry)?)));
            Value::Object(entries.collect::<Result<_>>()?)
        }
        scalar => scalar,
    })
}

/// An ARN or a name in place of one that only AWS can tell. Errs when the type is not known here.
fn made_up(stack: &ResourceGraph, what: &str) -> Result<String> {
    let (id, attribute) = what.split_once('.').unwrap_or((what, ""));
    let resource = stack.resources.get(id).with_context(|| format!("`{what}` names no resource"))?;
    let arn = ARNS.iter().find(|(kind, name, ..)| *kind == resource.kind && *name == attribute);
    match arn {
        Some((.., before, after)) => {
            let before = before.replace("REGION", REGION).replace("ACCOUNT", ACCOUNT);
            Ok(format!("arn:aws:{before}{}{after}", id.to_lowercase()))
        }
        None if attribute.is_empty() => Ok(id.to_lowercase()),
        None => bail!("the {attribute} of an {} is not known here: add it to ARNS", resource.kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_can_be_written_out() {
        for stack in stacks().unwrap() {
            let policies = policies(&stack).unwrap();
            assert!(policies.iter().any(|(place, _)| place.contains("EKSConnectorLambdaPolicy")));
            assert!(policies.iter().all(|(_, document)| !document.to_string().contains("${")), "{policies:#?}");
        }
    }

    #[test]
    fn what_only_aws_can_tell_is_made_up_by_type() {
        let stack = stacks().unwrap().swap_remove(0);
        let told = |text: &str| told(&stack, text.into()).map(|value| value.as_str().unwrap_or_default().to_owned());
        assert_eq!(told("a${EKSCluster}/*").unwrap(), "aekscluster/*");
        assert_eq!(told("${EKSCluster.Arn}").unwrap(), "arn:aws:eks:us-east-1:111122223333:cluster/ekscluster");
        assert!(told("${EKSCluster.Endpoint}").unwrap_err().to_string().contains("add it to ARNS"));
        assert!(told("${Nobody}").is_err());
    }
}
