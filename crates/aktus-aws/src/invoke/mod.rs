//! Will this function run, later, with this event?
//!
//! One signed POST, so that a whole SDK crate need not be built for it. Retries, endpoint and credentials are those of
//! the [`Config`](crate::Config), as for every other call.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_types::SdkConfig;
use aws_types::service_config::ServiceConfigKey;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, Response, redirect};
use thiserror::Error;

use crate::Aws;
use crate::arn::{Arn, Partition};
use crate::error::{Call, CallError, Class, chain, classify};

/// How long one attempt may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// The wait after the first attempt that failed; it doubles from there.
const FIRST_BACKOFF: Duration = Duration::from_millis(500);
/// How many attempts there are at most.
const ATTEMPTS: u32 = 4;
/// The largest error answer that is read, in bytes.
const ERROR_LIMIT: usize = 64 << 10;
/// What is escaped in a path segment: all but the unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Why a function will not run. Holds nothing of the event.
#[derive(Debug, Error)]
pub enum InvokeError {
    /// AWS did not take the event.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The name is not the ARN of a function.
    #[error("{arn:?} is not the ARN of a function; write arn:aws:lambda:REGION:ACCOUNT:function:NAME")]
    NotAFunction {
        /// What was given.
        arn: String,
    },
}

impl InvokeError {
    /// What kind of failure it is, as far as AWS's answer tells.
    pub fn class(&self) -> Class {
        match self {
            Self::Call(error) => error.class,
            Self::NotAFunction { .. } => Class::Other,
        }
    }
}

impl Aws {
    /// Has Lambda run a function with this event, asynchronously: it answers before the function begins.
    ///
    /// Errors when `arn` is not a function's and when AWS does not take the event. An answer that was lost may mean
    /// that the function runs all the same.
    pub async fn invoke_event(&self, arn: &str, event: Vec<u8>) -> Result<(), InvokeError> {
        let parsed: Option<Arn> = arn.parse().ok();
        let parsed = parsed.filter(|arn| arn.service == "lambda" && !arn.region.is_empty());
        let name = parsed.as_ref().and_then(|arn| arn.resource.strip_prefix("function:"));
        let (Some(parsed), Some(name)) = (&parsed, name.filter(|name| !name.is_empty())) else {
            return Err(InvokeError::NotAFunction { arn: arn.to_owned() });
        };
        let resource = format!("function {name}");
        let call = Call { action: "lambda:InvokeFunction", resource: &resource, region: &parsed.region };
        let url = url(self.config.sdk(), &parsed.region, name);
        let credentials = self.config.credentials().provide_credentials().await;
        let credentials = credentials.map_err(|error| call.no_credentials(chain(&error)))?;
        let client = Client::builder().redirect(redirect::Policy::none()).no_proxy().timeout(ATTEMPT_TIMEOUT).build();
        let client = client.map_err(|error| call.error(Class::Other, None, chain(&error), None))?;
        let mut backoff = FIRST_BACKOFF;
        for attempt in 1.. {
            let error = match self.attempt(call, &client, &url, &credentials, event.clone()).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if attempt >= ATTEMPTS || !error.class.is_temporary() {
                return Err(error.into());
            }
            tokio::time::sleep(backoff).await;
            backoff *= 2;
        }
        Ok(())
    }

    async fn attempt(
        &self,
        call: Call<'_>,
        client: &Client,
        url: &str,
        credentials: &Credentials,
        event: Vec<u8>,
    ) -> Result<(), CallError> {
        let headers = headers(url, call.region, credentials, &event, self.config.clock().now())
            .map_err(|cause| call.error(Class::Other, None, format!("it cannot be signed: {cause}"), None))?;
        let mut request = client.post(url).header("x-amz-invocation-type", "Event").body(event);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        match request.send().await {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => Err(refused(call, response).await),
            Err(error) => {
                let error = error.without_url();
                let class = if error.is_builder() { Class::Other } else { Class::Transient };
                Err(call.error(class, None, chain(&error), None))
            }
        }
    }
}

/// Where a function is invoked: as the SDK finds a service, by the environment, a profile, or AWS's own name.
fn url(sdk: &SdkConfig, region: &str, name: &str) -> String {
    let configured = || {
        let key = ServiceConfigKey::builder().service_id("Lambda").env("AWS_ENDPOINT_URL").profile("endpoint_url");
        sdk.service_config()?.load_config(key.build().ok()?)
    };
    let general = sdk.endpoint_url().map(str::to_owned);
    let given = if sdk.get_origin("endpoint_url").is_client_config() {
        general.or_else(configured)
    } else {
        configured().or(general)
    };
    let base =
        given.unwrap_or_else(|| format!("https://lambda.{region}.{}", Partition::of_region(region).dns_suffix()));
    let name = utf8_percent_encode(name, ESCAPED);
    format!("{}/2015-03-31/functions/{name}/invocations", base.trim_end_matches('/'))
}

/// The headers that sign a request.
fn headers(
    url: &str,
    region: &str,
    credentials: &Credentials,
    body: &[u8],
    time: SystemTime,
) -> Result<Vec<(String, String)>, String> {
    let identity = credentials.clone().into();
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("lambda")
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| chain(&error))?
        .into();
    let invocation = std::iter::once(("x-amz-invocation-type", "Event"));
    let request = SignableRequest::new("POST", url, invocation, SignableBody::Bytes(body));
    let request = request.map_err(|error| chain(&error))?;
    let (instructions, _) = sign(request, &parameters).map_err(|error| chain(&error))?.into_parts();
    let (headers, _) = instructions.into_parts();
    Ok(headers.iter().map(|header| (header.name().to_owned(), header.value().to_owned())).collect())
}

/// What an error answer says.
async fn refused(call: Call<'_>, mut response: Response) -> CallError {
    let status = response.status().as_u16();
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let request_id = header("x-amzn-requestid");
    // `Code:http://…` in older services.
    let code = header("x-amzn-errortype").map(|code| code.split(':').next().unwrap_or_default().to_owned());
    let mut body = Vec::new();
    while body.len() < ERROR_LIMIT {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            _ => break,
        }
    }
    let said: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |name: &str| said.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    let message = text("Message").or_else(|| text("message")).or_else(|| code.clone());
    let message = message.unwrap_or_else(|| format!("the service answered {status} without saying why"));
    let class = classify(code.as_deref(), status);
    call.error(class, code.map(Box::from), message, request_id.map(Box::from))
}

#[cfg(test)]
mod tests {
    use aws_config::{Region, SdkConfig};

    use super::url;

    #[test]
    fn the_endpoint_is_the_regions_or_the_one_given() {
        let check = |endpoint: Option<&str>, region: &str, name: &str, expected: &str| {
            let mut sdk = SdkConfig::builder().region(Region::new("us-east-1"));
            sdk.set_endpoint_url(endpoint.map(str::to_owned));
            assert_eq!(url(&sdk.build(), region, name), expected);
        };
        check(None, "eu-west-1", "f", "https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/f/invocations");
        check(
            None,
            "cn-north-1",
            "f:live",
            "https://lambda.cn-north-1.amazonaws.com.cn/2015-03-31/functions/f%3Alive/invocations",
        );
        check(Some("http://127.0.0.1:1/"), "eu-west-1", "f", "http://127.0.0.1:1/2015-03-31/functions/f/invocations");
    }
}
