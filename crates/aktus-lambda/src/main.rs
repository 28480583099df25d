//! `bootstrap`: the function behind the stack's custom resource, as Lambda's `provided.al2023` starts it.

use std::panic;
use std::sync::Arc;
use std::time::Duration;

use aktus_lambda::reporter::subscriber;
use aktus_lambda::work::AwsWork;
use aktus_lambda::{Handler, Invocation};
use jiff::Timestamp;
use lambda_runtime::{Context, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    // Nothing here may fail before the first event is answered: both only say no when they were done before.
    drop(tracing::subscriber::set_global_default(subscriber(std::io::stdout)));
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    panic::set_hook(Box::new(|panicked| {
        let place = panicked.location().map(ToString::to_string);
        // A message made at run time may hold anything, a fixed one may not.
        let message = panicked.payload().downcast_ref::<&'static str>().copied();
        tracing::error!(place, message, "panic");
    }));
    let handler = Handler::new(AwsWork::new(
        Arc::new(Timestamp::now),
        Arc::new(|buffer| {
            // Templates make passwords of it. Nothing weaker may take its place, and a panic of the work is answered.
            assert!(getrandom::fill(buffer).is_ok(), "the system has no randomness");
        }),
    ));
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| {
        let handler = handler.clone();
        async move {
            let (event, context) = event.into_parts();
            handler.handle(event, &invocation(&context)).await?;
            Ok::<(), lambda_runtime::Error>(())
        }
    }))
    .await
}

fn invocation(context: &Context) -> Invocation {
    let now = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default();
    Invocation {
        request_id: context.request_id.clone(),
        log_stream: context.env_config.log_stream.clone(),
        remaining: Duration::from_millis(context.deadline.saturating_sub(now)),
    }
}
