//! With which region, credentials, endpoints and patience is AWS asked?

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use thiserror::Error;

/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one attempt may take, from the first byte sent to the last one read.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a call may take with all its attempts.
const CALL_TIMEOUT: Duration = Duration::from_secs(90);

/// What the SDK calls the program to AWS.
const APP_NAME: &str = "aktus";

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
    #[error("no AWS credentials are known; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name another source")]
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
        let (retries, timeouts) = (retries(&settings), timeouts());
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).retry_config(retries).timeout_config(timeouts);
        // A name of letters and digits is always accepted.
        if let Ok(name) = AppName::new(APP_NAME) {
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

    /// Completes the settings from the environment alone, through `variable`: what a function in AWS has.
    ///
    /// Heeds `AWS_REGION`, `AWS_DEFAULT_REGION`, `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_<SERVICE>`,
    /// `AWS_USE_FIPS_ENDPOINT`, `AWS_USE_DUALSTACK_ENDPOINT`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and
    /// `AWS_SESSION_TOKEN`. No file is read and no other service asked, and a program that has only this way does
    /// not carry the code for them. [`Settings::profile`] means nothing here. Errors when no region or no
    /// credentials are known.
    pub fn of_environment(
        settings: Settings,
        clock: Clock,
        variable: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Result<Self, ConfigError> {
        let retries = retries(&settings);
        let filled = |name: &str| variable(name).filter(|value| !value.is_empty());
        let is_set = |name: &str| filled(name).map(|value| value.eq_ignore_ascii_case("true"));
        let region = settings.region.or_else(|| filled("AWS_REGION")).or_else(|| filled("AWS_DEFAULT_REGION"));
        let keys = filled("AWS_ACCESS_KEY_ID").zip(filled("AWS_SECRET_ACCESS_KEY"));
        let credentials = settings.credentials.or_else(|| {
            let (id, secret) = keys?;
            Some(Credentials::new(id, secret, filled("AWS_SESSION_TOKEN"), None, "environment"))
        });
        let mut builder = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .retry_config(retries)
            .timeout_config(timeouts())
            .region(region.map(Region::new));
        builder.set_app_name(AppName::new(APP_NAME).ok());
        builder.set_credentials_provider(credentials.map(SharedCredentialsProvider::new));
        builder.set_endpoint_url(settings.endpoint_url.or_else(|| filled("AWS_ENDPOINT_URL")));
        builder.set_use_fips(is_set("AWS_USE_FIPS_ENDPOINT"));
        builder.set_use_dual_stack(is_set("AWS_USE_DUALSTACK_ENDPOINT"));
        let sdk = builder.service_config(Variables(variable)).build();
        Ok(Self { poll_interval: settings.poll_interval, ..Self::from_sdk(sdk, clock)? })
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

fn retries(settings: &Settings) -> RetryConfig {
    RetryConfig::standard().with_max_attempts(settings.attempts.max(1)).with_initial_backoff(settings.first_backoff)
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build()
}

/// What the environment says about single services, as `AWS_ENDPOINT_URL_SECRETS_MANAGER` does.
struct Variables<F>(F);

impl<F> fmt::Debug for Variables<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Variables")
    }
}

impl<F: Fn(&str) -> Option<String> + Send + Sync> LoadServiceConfig for Variables<F> {
    /// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace([' ', '-'], "_");
        (self.0)(&format!("{}_{service}", key.env())).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use aws_config::{Region, SdkConfig};
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;

    use aws_types::service_config::ServiceConfigKey;

    use super::{Clock, Config, ConfigError, Settings};

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

    const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "s3cr3t")];
    const WHOLE: [(&str, &str); 6] = [
        KEYS[0],
        KEYS[1],
        ("AWS_DEFAULT_REGION", "eu-west-1"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:2"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
    ];

    #[test]
    fn the_environment_completes_what_the_settings_leave_open() {
        let of = |variables: &'static [(&str, &str)], settings: Settings| {
            let variable = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            Config::of_environment(settings, Clock::new(|| SystemTime::UNIX_EPOCH), variable)
        };
        let config = of(&WHOLE, Settings::default()).unwrap();
        let sdk = config.sdk();
        assert_eq!(
            (config.region(), sdk.endpoint_url(), sdk.use_fips()),
            ("eu-west-1", Some("http://127.0.0.1:1"), Some(true))
        );
        let key =
            |service| ServiceConfigKey::builder().service_id(service).profile("endpoint_url").env("AWS_ENDPOINT_URL");
        let load = |service| sdk.service_config().unwrap().load_config(key(service).build().unwrap());
        assert_eq!((load("Secrets Manager").as_deref(), load("EKS")), (Some("http://127.0.0.1:2"), None));
        assert!(!format!("{config:?}").contains("s3cr3t"));

        let settings = Settings {
            region: Some("us-west-2".into()),
            endpoint_url: Some("http://127.0.0.1:3".into()),
            ..Settings::default()
        };
        let config = of(&WHOLE, settings).unwrap();
        assert_eq!((config.region(), config.sdk().endpoint_url()), ("us-west-2", Some("http://127.0.0.1:3")));
        assert!(matches!(of(&KEYS, Settings::default()), Err(ConfigError::NoRegion)));
        assert!(matches!(
            of(&[("AWS_REGION", "eu-west-1"), KEYS[0]], Settings::default()),
            Err(ConfigError::NoCredentials)
        ));
    }

    #[test]
    fn the_debug_form_shows_no_secret() {
        assert!(!format!("{:?}", config(None)).contains("s3cr3t"));
    }
}
