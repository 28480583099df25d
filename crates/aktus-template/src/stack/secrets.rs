//! The API keys that were given. Only their ARNs go to the bootstrap.

use super::ids::{condition, parameter, resource};
use crate::model::{ConditionName, Expr, LogicalId, Resource, Template};

pub(super) fn add(template: &mut Template) {
    let token = secret(parameter::HuggingFaceToken, condition::HasHuggingFaceToken, "Hugging Face token");
    template.add_resource(resource::HuggingFaceTokenSecret, token);
    let key = secret(parameter::OpenAIAPIKey, condition::HasOpenAIAPIKey, "OpenAI API key");
    template.add_resource(resource::OpenAIAPIKeySecret, key);
}

fn secret(parameter: LogicalId, given: ConditionName, what: &str) -> Resource {
    Resource::new("AWS::SecretsManager::Secret")
        .removed()
        .set("Description", Expr::sub(&format!("{what} of ${{AWS::StackName}}")))
        .set("SecretString", Expr::reference(parameter))
        .when(given)
}
