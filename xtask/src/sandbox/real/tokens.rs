//! The API server lets good EKS tokens in, and answers every other one with 401.

use std::time::{Duration, SystemTime};

use aktus_aws::{Credentials, token};
use anyhow::{Result, bail};
use jiff::Timestamp;
use reqwest::Method;
use secrecy::ExposeSecret as _;

use super::cloud::REGION;
use super::console;
use super::world::{CLUSTER, World};

/// The credentials of the account, as the SDK has them.
pub(super) fn credentials(world: &World) -> Credentials {
    let keys = world.aws.change(|facts| facts.credentials.clone());
    Credentials::new(keys.access_key_id, keys.secret_access_key, keys.session_token, None, "sandbox")
}

/// Tries tokens of every kind.
pub(super) async fn story(world: &World) -> Result<()> {
    let keys = credentials(world);
    let stranger = Credentials::new("AKIDSTRANGER", "another secret", None, None, "sandbox");
    let now = SystemTime::from(Timestamp::now());
    let ago = |minutes: u64| now.checked_sub(Duration::from_mins(minutes)).unwrap_or(now);
    let made = |keys: &Credentials, cluster: &str, time: SystemTime| token::make(keys, REGION, cluster, time);
    let good = made(&keys, CLUSTER, ago(10))?;
    let good = good.expose_secret();
    let cases = [
        ("10 minutes old", good.to_owned(), 200),
        ("20 minutes old", made(&keys, CLUSTER, ago(20))?.expose_secret().to_owned(), 401),
        ("for another cluster", made(&keys, "another", now)?.expose_secret().to_owned(), 401),
        ("of another account", made(&stranger, CLUSTER, now)?.expose_secret().to_owned(), 401),
        ("cut off", good.chars().take(good.len() / 2).collect(), 401),
        ("without its prefix", good.replace("k8s-aws-v1.", ""), 401),
    ];
    let mut seen = Vec::new();
    for (kind, token, expected) in cases {
        let (status, _) = world.plane.api.with_token(&token).send(Method::GET, "/api/v1/namespaces", None).await?;
        if status != expected {
            bail!("a token {kind} was answered with {status} instead of {expected}");
        }
        seen.push(format!("{kind}: {status}"));
    }
    console::step(&format!("tokens: {}", seen.join(", ")));
    Ok(())
}
