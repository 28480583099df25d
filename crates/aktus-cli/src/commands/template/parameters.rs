//! Parameters of the stack on the command line.

use std::collections::BTreeMap;

use aktus_template::{EvaluateError, Pseudo};
use clap::Args;

use crate::cli::Mode;
use crate::error::{CliError, chain};

/// The stack that is evaluated
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Stack")]
pub(crate) struct StackArguments {
    /// The name of the stack
    #[arg(long, value_name = "NAME", default_value = "aktus")]
    stack_name: String,

    /// The account of the stack
    #[arg(long, value_name = "ID", default_value = "111122223333", value_parser = account)]
    account: String,
}

/// A parameter of the template and its value.
pub(crate) type Setting = (String, String);

/// Where the function's code is, where nothing is said: nobody needs to have uploaded it to look at the stack.
pub(crate) const CODE: [(&str, &str); 2] = [("BootstrapCodeBucket", "code"), ("BootstrapCodeKey", "bootstrap.zip")];

/// `NAME=VALUE`.
pub(crate) fn setting(text: &str) -> Result<Setting, String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

fn account(text: &str) -> Result<String, String> {
    let digits = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { Ok(text.to_owned()) } else { Err("an account id has 12 digits".to_owned()) }
}

/// Parameters with the mode and, where nothing is said, with names for the function's code. Later ones win.
pub(crate) fn with_mode(mode: Mode, given: &[Setting]) -> BTreeMap<String, String> {
    let auto = if mode == Mode::Auto { "true" } else { "false" };
    let defaults = CODE.into_iter().chain([("EnableAutoMode", auto)]);
    let defaults = defaults.map(|(name, value)| (name.to_owned(), value.to_owned()));
    defaults.chain(given.iter().cloned()).collect()
}

impl StackArguments {
    /// What AWS would put into the pseudo parameters in a region.
    pub(crate) fn pseudo(&self, region: &str) -> Pseudo {
        Pseudo::new(&self.stack_name, region, &self.account)
    }
}

/// An evaluation that failed, as an error of the command line.
pub(crate) fn refused(error: &EvaluateError) -> CliError {
    CliError::usage(chain(error)).hint("see the parameters with `aktus template docs`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_a_name_and_a_value() {
        let owned = |name: &str, value: &str| Ok((name.to_owned(), value.to_owned()));
        assert_eq!(setting("A=b=c"), owned("A", "b=c"));
        assert_eq!(setting("A="), owned("A", ""));
        assert!(setting("A").is_err());
        assert!(account("1111").is_err() && account("111122223333").is_ok());
    }
}
