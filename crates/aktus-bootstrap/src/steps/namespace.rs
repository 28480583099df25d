//! Namespace, service account and secrets: before the chart, whose pods do not start without them (L9).

use aktus_k8s::platform::{
    HUGGING_FACE_SECRET, HUGGING_FACE_TOKEN, OPENAI_API_KEY, OPENAI_SECRET, namespace, secret, service_account,
};
use secrecy::SecretString;

use crate::context::{Context, StepResult};
use crate::failure::build;
use crate::report::{Failure, Outcome};
use crate::request::SecretSource;

/// The service account that the chart's pods name.
pub(crate) const SERVICE_ACCOUNT: &str = "aktus-ai-platform-sa";

pub(super) async fn run(context: &mut Context<'_>) -> StepResult {
    let request = context.request;
    let token = read(context, &request.hugging_face_token).await?;
    let key = read(context, &request.openai_api_key).await?;
    let (owner, home) = (&context.owner, request.namespace.as_str());
    let role = request.service_account_role.as_deref();
    let objects: Result<Vec<_>, _> = [
        namespace(owner, home),
        service_account(owner, home, SERVICE_ACCOUNT, role),
        secret(owner, home, HUGGING_FACE_SECRET, HUGGING_FACE_TOKEN, token.as_ref()),
        secret(owner, home, OPENAI_SECRET, OPENAI_API_KEY, key.as_ref()),
    ]
    .into_iter()
    .collect();
    let objects = objects.map_err(|error| build(&error))?;
    if role.is_none() {
        context.warn(format!(
            "ServiceAccount/{home}/{SERVICE_ACCOUNT} has no IAM role; Marketplace images refuse to start without one"
        ));
    }
    let word = |given: Option<&SecretString>| if given.is_some() { "given" } else { "empty" };
    let summary = format!(
        "{home}, {SERVICE_ACCOUNT}, Hugging Face token {}, OpenAI key {}",
        word(token.as_ref()),
        word(key.as_ref())
    );
    match context.ensure(objects, &[]).await? {
        0 => Ok(Outcome::Unchanged(summary)),
        _ => Ok(Outcome::Done(summary)),
    }
}

async fn read(context: &Context<'_>, source: &SecretSource) -> Result<Option<SecretString>, Failure> {
    match source {
        SecretSource::Absent => Ok(None),
        SecretSource::Value(value) => Ok(Some(value.clone())),
        SecretSource::Arn(arn) => context.world.cloud.secret(context.request, arn, context.until()).await.map(Some),
    }
}
