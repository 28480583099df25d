//! With which region, credentials, endpoints and patience is AWS asked?

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use thiserror::Error;

/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one attempt may take, from the first byte sent to the last one read.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a call may take with all its attempts.
const CALL_TIMEOUT: Duration = Duration::from_secs(90);

/// A clock that the binary gives, so that runs can be repeated and moved in time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    /// A clock that asks `now`.
    pub fn new(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time it is.
    pub fn now(&self) -> SystemTime {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Clock").field(&self.now()).finish()
    }
}

/// What a binary decides about AWS; what it leaves open comes from the environment and the profile
/// files that every AWS tool reads.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The region; `None` takes `AWS_REGION`, the profile's or the instance's.
    pub region: Option<String>,
    /// The profile; `None` takes `AWS_PROFILE` or `default`.
    pub profile: Option<String>,
    /// One endpoint for every service; `None` takes `AWS_ENDPOINT_URL_<SERVICE>`,
    /// `AWS_ENDPOINT_URL` or the profile's, and otherwise AWS itself.
    pub endpoint_url: Option<String>,
    /// The credentials; `None` takes the standard chain (environment, profile, SSO, web identity,
    /// container, instance).
    pub credentials: Option<Credentials>,
    /// How many times a call is tried at most, the first included; at least once.
    pub attempts: u32,
    /// The wait after the first failed attempt; it doubles from there, with jitter, up to 20
    /// seconds.
    pub first_backoff: Duration,
    /// How long a wait pauses between two questions.
    pub poll_interval: Duration,
}

impl Default for Settings {
    /// Everything from the environment, five attempts, one second of first back-off, five seconds
    /// between questions.
    fn default() -> Self {
        Self {
            region: None,
            profile: None,
            endpoint_url: None,
            credentials: None,
            attempts: 5,
            first_backoff: Duration::from_secs(1),
            poll_interval: Duration::from_secs(5),
        }
    }
}

/// Why there is no configuration.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// No region is known.
    #[error("no AWS region is known; name one, set AWS_REGION or choose a profile that has one")]
    NoRegion,
    /// The configuration of the SDK has no source of credentials.
    #[error("the AWS configuration has no source of credentials; give it one")]
    NoCredentials,
}

/// Region, credentials, endpoints, retries and the clock. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Config {
    sdk: SdkConfig,
    credentials: SharedCredentialsProvider,
    region: String,
    clock: Clock,
    poll_interval: Duration,
}

impl Config {
    /// Completes the settings from the environment and the profile files.
    ///
    /// Credentials are not looked for until the first call. Errors when no region is known.
    pub async fn load(settings: Settings, clock: Clock) -> Result<Self, ConfigError> {
        let retries = RetryConfig::standard()
            .with_max_attempts(settings.attempts.max(1))
            .with_initial_backoff(settings.first_backoff);
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(CALL_TIMEOUT)
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).retry_config(retries).timeout_config(timeouts);
        // A name of letters and digits is always accepted.
        if let Ok(name) = AppName::new("aktus") {
            loader = loader.app_name(name);
        }
        if let Some(region) = settings.region {
            loader = loader.region(Region::new(region));
        }
        if let Some(profile) = settings.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(url) = settings.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        if let Some(credentials) = settings.credentials {
            loader = loader.credentials_provider(credentials);
        }
        let config = Self::from_sdk(loader.load().await, clock)?;
        Ok(Self { poll_interval: settings.poll_interval, ..config })
    }

    /// Takes a configuration of the SDK as it is. Errors when it has no region or no source of
    /// credentials.
    pub fn from_sdk(sdk: SdkConfig, clock: Clock) -> Result<Self, ConfigError> {
        let region = sdk.region().ok_or(ConfigError::NoRegion)?.to_string();
        let credentials = sdk.credentials_provider().ok_or(ConfigError::NoCredentials)?;
        Ok(Self { sdk, credentials, region, clock, poll_interval: Settings::default().poll_interval })
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn sdk(&self) -> &SdkConfig {
        &self.sdk
    }

    pub(crate) fn poll_interval(&self) -> Duration {
        self.poll_interval
    }

    pub(crate) fn credentials(&self) -> &SharedCredentialsProvider {
        &self.credentials
    }

    /// The same configuration for another region, and with FIPS endpoints when `fips` and the
    /// endpoint is not overridden.
    pub(crate) fn in_region(&self, region: &str, fips: bool) -> SdkConfig {
        let builder = self.sdk.to_builder().region(Region::new(region.to_owned()));
        if fips && self.sdk.endpoint_url().is_none() { builder.use_fips(true).build() } else { builder.build() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use aws_config::{Region, SdkConfig};
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;

    use super::{Clock, Config};

    fn config(endpoint_url: Option<&str>) -> Config {
        let keys = Credentials::new("AKIDEXAMPLE", "s3cr3t", None, None, "test");
        let mut sdk = SdkConfig::builder()
            .region(Region::new("us-west-2"))
            .credentials_provider(SharedCredentialsProvider::new(keys));
        sdk.set_endpoint_url(endpoint_url.map(str::to_owned));
        Config::from_sdk(sdk.build(), Clock::new(|| SystemTime::UNIX_EPOCH)).unwrap()
    }

    #[test]
    fn another_region_keeps_the_rest_of_the_configuration() {
        let sdk = config(Some("http://127.0.0.1:1")).in_region("eu-west-1", false);
        assert_eq!(sdk.region().unwrap().as_ref(), "eu-west-1");
        assert_eq!(sdk.endpoint_url(), Some("http://127.0.0.1:1"));
        assert!(sdk.credentials_provider().is_some());
    }

    #[test]
    fn fips_endpoints_are_asked_only_where_the_endpoint_is_not_overridden() {
        for (endpoint_url, fips, expected) in
            [(None, true, Some(true)), (None, false, None), (Some("http://127.0.0.1:1"), true, None)]
        {
            let sdk = config(endpoint_url).in_region("us-gov-west-1", fips);
            assert_eq!(sdk.use_fips(), expected, "{endpoint_url:?} {fips}");
        }
    }

    #[test]
    fn the_debug_form_shows_no_secret() {
        assert!(!format!("{:?}", config(None)).contains("s3cr3t"));
    }
}
