//! `aktus template render`

use std::path::PathBuf;

use aktus_template::platform_with;
use aktus_template::stack::{Architecture, Code};
use clap::{Args, ValueEnum};

use crate::commands::write_whole;
use crate::error::CliError;
use crate::ui::Ui;

/// Print the platform's CloudFormation template, or another in our layout
///
/// The same command prints the same bytes; those of the platform's are few enough for CloudFormation to take them
/// without a bucket.
#[derive(Args, Debug)]
pub(crate) struct Render {
    /// Print this template, YAML or JSON, instead of the platform's; `-` reads stdin
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["bucket", "key", "architecture"])]
    file: Option<PathBuf>,

    /// How the template is written [default: yaml; json with `--output json`]
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// Default of the parameter `BootstrapCodeBucket`: the bucket with the bootstrap function's code
    #[arg(long, value_name = "NAME", value_parser = bucket)]
    bucket: Option<String>,

    /// Default of the parameter `BootstrapCodeKey`: the key of the code in that bucket
    #[arg(long, value_name = "KEY", value_parser = key)]
    key: Option<String>,

    /// The processor that the bootstrap function's code is built for
    #[arg(long, value_enum, default_value = "arm64")]
    architecture: Processor,

    /// Write to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// How a template is written
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// YAML with short intrinsic functions
    Yaml,
    /// JSON
    Json,
}

/// What the function runs on
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Processor {
    /// AWS Graviton
    Arm64,
    /// Intel and AMD
    #[value(name = "x86_64")]
    X86_64,
}

/// A name that S3 allows.
fn bucket(text: &str) -> Result<String, String> {
    let letters = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'));
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    if letters && (3..=63).contains(&bytes.len()) && ends(bytes.first()) && ends(bytes.last()) {
        return Ok(text.to_owned());
    }
    Err("a bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens".to_owned())
}

/// A key that S3 allows.
fn key(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > 1024 || text.chars().any(char::is_control) {
        return Err("a key has 1 to 1,024 bytes without control characters".to_owned());
    }
    Ok(text.to_owned())
}

impl Render {
    pub(crate) fn run(self, ui: Ui) -> Result<(), CliError> {
        let architecture = match self.architecture {
            Processor::Arm64 => Architecture::Arm64,
            Processor::X86_64 => Architecture::X86_64,
        };
        let template = match &self.file {
            Some(path) => super::input::load(path)?.template,
            None => platform_with(&Code { bucket: self.bucket, key: self.key, architecture }),
        };
        let default = if ui.json() { Format::Json } else { Format::Yaml };
        let text = match self.format.unwrap_or(default) {
            Format::Yaml => template.to_yaml(),
            // Indented it would be too large to be taken without a bucket.
            Format::Json => format!("{}\n", template.to_json()),
        };
        match self.out {
            None => Ok(Ui::data(text.as_bytes())?),
            Some(path) => write_whole(&path, text.as_bytes(), "name a file that can be written with --out"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_s3_would_refuse() {
        for name in ["ab", "Upper", "-begins", "ends.", "under_score", "", &"a".repeat(64)] {
            assert!(bucket(name).is_err(), "{name}");
        }
        for name in ["abc", "a.b-c", &"a".repeat(63)] {
            assert_eq!(bucket(name).as_deref(), Ok(name));
        }
        for name in ["", "a\nb", &"k".repeat(1025)] {
            assert!(key(name).is_err(), "{name}");
        }
        assert_eq!(key("releases/1.zip").as_deref(), Ok("releases/1.zip"));
    }
}
