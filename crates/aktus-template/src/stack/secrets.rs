//! The API keys that were given. Only their ARNs go to the bootstrap.

use crate::model::{Expr, Resource, Template};

pub(super) fn add(template: &mut Template) {
    template.add_resource("HuggingFaceTokenSecret", secret("HuggingFaceToken", "Hugging Face token"));
    template.add_resource("OpenAIAPIKeySecret", secret("OpenAIAPIKey", "OpenAI API key"));
}

fn secret(parameter: &str, what: &str) -> Resource {
    Resource::new("AWS::SecretsManager::Secret")
        .removed()
        .set("Description", Expr::sub(&format!("{what} of ${{AWS::StackName}}")))
        .set("SecretString", Expr::reference(parameter))
        .when(&format!("Has{parameter}"))
}
