//! What does this secret of AWS Secrets Manager hold?

use secrecy::SecretString;
use thiserror::Error;

use crate::Aws;
use crate::arn::Arn;
use crate::error::{Call, CallError, Class};

/// Why a secret cannot be read. Holds nothing of the secret.
#[derive(Debug, Error)]
pub enum SecretError {
    /// AWS did not answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The name is not the ARN of a secret.
    #[error(
        "{arn:?} is not the ARN of a secret; write \
         arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX"
    )]
    NotASecret {
        /// What was given.
        arn: String,
    },
    /// The secret is not text.
    #[error("secret {arn} holds bytes that are not UTF-8 text; store the key as text")]
    NotText {
        /// The secret.
        arn: String,
    },
}

impl SecretError {
    /// What kind of failure it is, as far as AWS's answer tells.
    pub fn class(&self) -> Class {
        match self {
            Self::Call(error) => error.class,
            _ => Class::Other,
        }
    }
}

impl Aws {
    /// The current value of a secret, asked for in the region of its ARN.
    ///
    /// A binary secret is accepted when it is UTF-8. Errors when `arn` is not a secret's, when the
    /// value is not text, and when AWS does not answer.
    pub async fn secret(&self, arn: &str) -> Result<SecretString, SecretError> {
        let parsed: Option<Arn> = arn.parse().ok();
        let parsed = parsed.filter(|arn| {
            arn.service == "secretsmanager" && !arn.region.is_empty() && arn.resource.starts_with("secret:")
        });
        let Some(parsed) = parsed else {
            return Err(SecretError::NotASecret { arn: arn.to_owned() });
        };
        let resource = format!("secret {arn}");
        let action = "secretsmanager:GetSecretValue";
        let call = Call { action, resource: &resource, region: &parsed.region };
        let sdk = self.config.in_region(&parsed.region, false);
        let client = aws_sdk_secretsmanager::Client::new(&sdk);
        let answer = client.get_secret_value().secret_id(arn).send().await;
        let answer = answer.map_err(|error| call.failed(&error))?;
        if let Some(text) = answer.secret_string {
            return Ok(SecretString::from(text));
        }
        let bytes = answer.secret_binary.ok_or_else(|| call.incomplete("value"))?;
        String::from_utf8(bytes.into_inner())
            .map(SecretString::from)
            .map_err(|_| SecretError::NotText { arn: arn.to_owned() })
    }
}
