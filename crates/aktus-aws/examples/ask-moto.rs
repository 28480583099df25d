//! Asks moto, which plays AWS and is not ours: do requests and answers mean to others what they
//! mean to us? `cargo xtask test` starts moto and this, with the standard variables of AWS
//! (`AWS_ENDPOINT_URL`, `AWS_REGION` and keys) pointing at it.
//!
//! moto is a rough copy: its clusters are `ACTIVE` at once and have random bytes as certificate
//! authority, its tokens of ECR expired in 2015. What is asked here it does as AWS does.
#![expect(clippy::print_stderr, reason = "a program talks to the person who started it")]

use std::error::Error;
use std::process::ExitCode;
use std::time::SystemTime;

use aktus_aws::{Aws, Class, Clock, Config, RegistryHost, Settings};
use aws_config::BehaviorVersion;
use aws_sdk_eks::types::VpcConfigRequest;
use secrecy::ExposeSecret as _;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match ask().await {
        Ok(()) => {
            eprintln!("moto answers about clusters, file systems, registries and secrets as we read it");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn ask() -> Outcome {
    #[expect(clippy::disallowed_methods, reason = "this is a binary")]
    let clock = Clock::new(SystemTime::now);
    let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let aws = Aws::new(Config::load(Settings::default(), clock).await?);
    ask_about_clusters(&aws, &aws_sdk_eks::Client::new(&sdk)).await?;
    ask_about_file_systems(&aws, &aws_sdk_efs::Client::new(&sdk)).await?;
    ask_about_secrets(&aws, &aws_sdk_secretsmanager::Client::new(&sdk)).await?;

    let host: RegistryHost = format!("123456789012.dkr.ecr.{}.amazonaws.com", aws.region()).parse()?;
    let login = aws.registry_login(&host).await?;
    equal("user of the registry", login.username.as_str(), "AWS")?;
    equal("password of the registry", login.password.expose_secret(), "123456789012-auth-token")?;
    equal("region of the registry", login.region.as_str(), aws.region())
}

async fn ask_about_clusters(aws: &Aws, eks: &aws_sdk_eks::Client) -> Outcome {
    let error = aws.cluster("absent").await.err().ok_or("moto has a cluster named absent")?;
    equal("class of an absent cluster", error.class(), Class::Absent)?;
    contains("error of an absent cluster", &error.to_string(), "eks:DescribeCluster finds no cluster absent")?;

    let network = VpcConfigRequest::builder().subnet_ids("subnet-0123456789abcdef0").build();
    let role = "arn:aws:iam::123456789012:role/cluster";
    eks.create_cluster().name("demo").role_arn(role).resources_vpc_config(network).send().await?;
    // Whole, but for the authority, which is no certificate and is therefore not trusted.
    let error = aws.cluster("demo").await.err().ok_or("moto gave a certificate authority that can be read")?;
    contains(
        "error of a cluster without certificate",
        &error.to_string(),
        "the certificate authority of cluster demo",
    )?;
    // moto knows no access entries and says so in HTML, which must not be taken for an empty list.
    match aws.access_entries("demo").await {
        Ok(entries) => Err(format!("a page of HTML was read as the access entries {entries:?}").into()),
        Err(_) => Ok(()),
    }
}

async fn ask_about_file_systems(aws: &Aws, efs: &aws_sdk_efs::Client) -> Outcome {
    let error = aws.file_system("fs-0123456789abcdef0").await.err().ok_or("moto has a file system that nobody made")?;
    equal("class of an absent file system", error.class(), Class::Absent)?;

    let made = efs.create_file_system().creation_token("one").send().await?;
    let found = aws.file_system(made.file_system_id()).await?;
    equal("id of the file system", found.id.as_str(), made.file_system_id())?;
    equal("state of the file system", found.state.as_str(), "available")?;
    equal("mount targets of the file system", found.mount_targets.len(), 0)
}

async fn ask_about_secrets(aws: &Aws, secrets: &aws_sdk_secretsmanager::Client) -> Outcome {
    let made = secrets.create_secret().name("key").secret_string("value of the key").send().await?;
    let arn = made.arn().ok_or("moto made a secret without an ARN")?;
    equal("value of the secret", aws.secret(arn).await?.expose_secret(), "value of the key")?;

    let absent = arn.replace(":secret:key-", ":secret:other-");
    let error = aws.secret(&absent).await.err().ok_or("moto has a secret that nobody made")?;
    equal("class of an absent secret", error.class(), Class::Absent)
}

#[expect(clippy::needless_pass_by_value, reason = "cases read best without ampersands")]
fn equal<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Outcome {
    if found == expected { Ok(()) } else { Err(format!("{what} is {found:?}, not {expected:?}").into()) }
}

fn contains(what: &str, found: &str, expected: &str) -> Outcome {
    if found.contains(expected) { Ok(()) } else { Err(format!("{what} is {found:?}, without {expected:?}").into()) }
}
