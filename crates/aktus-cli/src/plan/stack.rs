//! The stack's half of a plan.

use std::collections::BTreeMap;

use aktus_bootstrap::{LoadBalancerScheme, Mode, Request, SecretSource};
use aktus_template::graph::{Chapters, Detail, Picture};
use aktus_template::{
    LogicalId, Pseudo, ResourceGraph, RolePermissions, Template, Value, evaluate, permissions, platform,
};

use crate::commands::template::parameters::{Setting, refused, with_mode};
use crate::error::CliError;

/// The type of the resource whose function brings the platform.
pub(crate) const CUSTOM_RESOURCE: &str = "Custom::AktusPlatform";
/// What stands for the value of a secret parameter.
const GIVEN: &str = "given";
/// A Traditional Mode instance type with a GPU, for those who only say that they want one.
const GPU_INSTANCE: &str = "g5.xlarge";

/// What the template creates.
#[derive(Debug)]
pub(crate) struct Stack {
    /// Name of the stack.
    pub(crate) name: String,
    /// Its region.
    pub(crate) region: String,
    /// In order of creation.
    pub(crate) resources: Vec<StackResource>,
    /// The chapters in order.
    pub(crate) chapters: Vec<String>,
    /// Name, value and whether it is the default; secrets are told only as given or not.
    pub(crate) parameters: Vec<(String, String, bool)>,
    /// What its roles may do.
    pub(crate) permissions: Vec<RolePermissions>,
    /// The picture as SVG.
    pub(crate) picture: Drawing,
}

/// A picture with its size and its description in words.
#[derive(Debug)]
pub(crate) struct Drawing {
    pub(crate) svg: String,
    pub(crate) words: String,
}

/// One resource.
#[derive(Debug)]
pub(crate) struct StackResource {
    /// Logical id.
    pub(crate) id: String,
    /// Type.
    pub(crate) kind: String,
    /// Chapter of the template.
    pub(crate) chapter: String,
    /// `create`, or `desired` when there may be a stack already, which nobody asked CloudFormation.
    pub(crate) change: &'static str,
    /// What must exist before.
    pub(crate) needs: Vec<String>,
}

/// The stack that goes with a request, and the request that its custom resource makes of it.
///
/// `request` says what the command line wants; `given` are parameters of the template, which win.
/// The request answered is read by the same function as in the Lambda; only what a stack cannot know (values, a chart
/// on this machine, the sandbox) is taken from `request`.
pub(crate) fn stack(
    request: Request,
    given: &[Setting],
    pseudo: &Pseudo,
    change: &'static str,
) -> Result<(Stack, Request), CliError> {
    let template = platform();
    let parameters = parameters(&template, &request, given);
    let graph = evaluate(&template, &parameters, pseudo).map_err(|error| refused(&error))?;
    let request = read(&graph, request, given, pseudo)?;
    let chapters = Chapters::platform();
    let auto = graph.conditions.get("AutoModeEnabled") == Some(&true);
    let title = format!("Aktus AI Platform in {} Mode", if auto { "Auto" } else { "Traditional" });
    let picture = Picture::of(&graph, &chapters, Detail::Overview, &title);
    let resources = graph.resources.iter().map(|(id, resource)| StackResource {
        id: id.to_string(),
        kind: resource.kind.clone(),
        chapter: chapters.chapter_of(id.as_str(), &resource.kind),
        change,
        needs: resource.needs.iter().map(LogicalId::to_string).collect(),
    });
    let stack = Stack {
        name: pseudo.stack_name.clone(),
        region: pseudo.region.clone(),
        resources: resources.collect(),
        chapters: chapters.names().into_iter().map(str::to_owned).collect(),
        parameters: shown(&template, &parameters),
        permissions: permissions(&graph),
        picture: Drawing { svg: picture.to_svg(), words: picture.to_words() },
    };
    Ok((stack, request))
}

/// The parameters of the template that say what the request says.
fn parameters(template: &Template, request: &Request, given: &[Setting]) -> BTreeMap<String, String> {
    let mode = match request.mode {
        Mode::Auto => crate::cli::Mode::Auto,
        Mode::Traditional => crate::cli::Mode::Traditional,
    };
    let storage = match request.database_storage {
        aktus_bootstrap::DatabaseStorage::Ebs => "ebs",
        aktus_bootstrap::DatabaseStorage::Chart => "chart",
    };
    let scheme = match request.load_balancer_scheme {
        LoadBalancerScheme::InternetFacing => "internet-facing",
        LoadBalancerScheme::Internal => "internal",
    };
    let mut said = vec![
        ("MarketplaceChartNamespace", request.namespace.as_str()),
        ("DatabaseStorage", storage),
        ("LoadBalancerScheme", scheme),
        ("EnableMarketplaceChart", if request.chart.is_some() { "true" } else { "false" }),
    ];
    if request.mode == Mode::Traditional && request.gpu_nodes {
        said.push(("NodeInstanceType", GPU_INSTANCE));
    }
    for (name, secret) in [("HuggingFaceToken", &request.hugging_face_token), ("OpenAIAPIKey", &request.openai_api_key)]
    {
        if !matches!(secret, SecretSource::Absent) {
            said.push((name, GIVEN));
        }
    }
    let said = said.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let settings: Vec<Setting> = said.chain(given.iter().cloned()).collect();
    let mut parameters = with_mode(mode, &settings);
    // The value of a secret is of no use to a plan, so it goes no further than here.
    for (name, value) in &mut parameters {
        let secret = template.parameters.get(name.as_str()).is_some_and(|parameter| parameter.no_echo);
        if secret && !value.is_empty() {
            GIVEN.clone_into(value);
        }
    }
    parameters
}

/// The request that the custom resource makes, with what the command line alone knows.
fn read(graph: &ResourceGraph, request: Request, given: &[Setting], pseudo: &Pseudo) -> Result<Request, CliError> {
    let custom = graph.resources.values().find(|resource| resource.kind == CUSTOM_RESOURCE);
    let properties = custom.map(|custom| Value::Map(custom.properties.clone()).to_json(true));
    let Some(serde_json::Value::Object(mut properties)) = properties else { return Ok(request) };
    let arn = |service: &str, region: &str, rest: &str| {
        format!("arn:{}:{service}:{region}:{}:{rest}", pseudo.partition, pseudo.account_id)
    };
    let name = graph.resources.get("EKSCluster").and_then(|cluster| cluster.properties.get("Name"));
    for value in properties.values_mut() {
        // What only AWS can tell gets a name of the right form.
        let Some(what) = value.as_str().and_then(|text| text.strip_prefix("${")?.strip_suffix('}')) else { continue };
        let what = what.to_owned();
        *value = match what.as_str() {
            "EKSCluster" => name.and_then(Value::as_text).unwrap_or_default(),
            "EFSFileSystem" => request.file_system_id.clone(),
            "PlatformServiceAccountRole.Arn" => request
                .service_account_role
                .clone()
                .unwrap_or_else(|| arn("iam", "", &format!("role/{}-PlatformServiceAccountRole", pseudo.stack_name))),
            secret if secret.ends_with("Secret") => arn("secretsmanager", &pseudo.region, &format!("secret:{secret}")),
            other => format!("${{{other}}}"),
        }
        .into();
    }
    let read = Request::from_properties(&properties).map_err(|problems| {
        let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
        CliError::usage(format!("the stack's custom resource would be refused: {}", lines.join("; ")))
            .hint("change the parameters with --parameter NAME=VALUE")
    })?;
    let named =
        given.iter().any(|(name, _)| matches!(name.as_str(), "MarketplaceChartUri" | "MarketplaceChartVersion"));
    let chart = if named || read.chart.is_none() { read.chart } else { request.chart };
    Ok(Request {
        mode: read.mode,
        namespace: read.namespace,
        database_storage: read.database_storage,
        load_balancer_scheme: read.load_balancer_scheme,
        gpu_nodes: read.gpu_nodes,
        service_account_role: read.service_account_role,
        cluster_name: request.cluster_name.or(read.cluster_name),
        region: request.region.or(read.region),
        chart,
        ..request
    })
}

/// Every parameter as the page shows it.
fn shown(template: &Template, given: &BTreeMap<String, String>) -> Vec<(String, String, bool)> {
    let shown = |(name, parameter): (&LogicalId, &aktus_template::Parameter)| {
        let default = parameter.default.as_deref();
        let value = given.get(name.as_str()).map(String::as_str).or(default).unwrap_or_default();
        let text = match (parameter.no_echo, value.is_empty()) {
            (true, true) => "not given".to_owned(),
            (true, false) => "given (secret)".to_owned(),
            (false, _) => value.to_owned(),
        };
        (name.to_string(), text, Some(value) == default)
    };
    template.parameters.iter().map(shown).collect()
}
