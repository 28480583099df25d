//! Who goes on when the time of a run is over? The function itself, invoked with the same event and a cursor.

use aktus_aws::{Aws, Config, Settings};
use aktus_bootstrap::{Clock, aws_clock};
use futures::future::BoxFuture;

use crate::identity::region;
use crate::work::Variables;

/// Whoever starts the next run. Errs with the cause in words.
pub trait Relay: Send + Sync + 'static {
    /// Has the function with this ARN run once more, with this event.
    fn pass_on<'a>(&'a self, function_arn: &'a str, event: Vec<u8>) -> BoxFuture<'a, Result<(), String>>;
}

/// Asks Lambda.
#[derive(Clone)]
pub struct AwsRelay {
    clock: Clock,
    variables: Variables,
}

impl std::fmt::Debug for AwsRelay {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("AwsRelay")
    }
}

impl AwsRelay {
    /// Signs with this clock and the keys of this environment.
    pub fn new(clock: Clock, variables: Variables) -> Self {
        Self { clock, variables }
    }

    async fn invoke(&self, function_arn: &str, event: Vec<u8>) -> Result<(), String> {
        let settings = Settings { region: region(function_arn).map(str::to_owned), ..Settings::default() };
        let config = Config::of_environment(settings, aws_clock(&self.clock), self.variables);
        let aws = Aws::new(config.map_err(|error| error.to_string())?);
        aws.invoke_event(function_arn, event).await.map_err(|error| error.to_string())
    }
}

impl Relay for AwsRelay {
    fn pass_on<'a>(&'a self, function_arn: &'a str, event: Vec<u8>) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(self.invoke(function_arn, event))
    }
}
