//! `cargo xtask test`: everything that needs only Rust, then the suites that ask real programs,
//! wherever those are there. Each real suite has its counterpart on recordings among the tests
//! of the first part, so that nothing is untested where a program is absent.

use std::process::Command;

use anyhow::{Result, bail};
use clap::Args;

use crate::command::{cargo, run};
use crate::moto;
use crate::programs::SANDBOX;
use crate::record::{Api, Golden};
use crate::sandbox;
use crate::template;
use crate::tools::{Tool, Tools, ensure};

/// Arguments of `cargo xtask test`
#[derive(Args)]
pub(crate) struct Test {
    /// Only say what would be run
    #[arg(long)]
    list: bool,
    /// Build the real programs that are missing; one that cannot be had is an error
    #[arg(long)]
    real: bool,
    /// Download nothing; real programs that are missing are not built
    #[arg(long)]
    offline: bool,
}

/// What needs only Rust, in this order: quick things first. Whatever is of the whole workspace has the features of
/// [`programs::build`](crate::programs::build), so that every dependency is compiled once.
const STEPS: [&[&str]; 7] = [
    &["fmt", "--all", "--check"],
    &["clippy", "--workspace", "--all-targets", SANDBOX, "--locked", "--", "--deny", "warnings"],
    // `bootstrap --sandbox` must not need the AWS SDK, and nobody should wait for the real sandbox to start an xtask.
    &["clippy", "--package", "aktus-cli", "--no-default-features", "--locked", "--", "--deny", "warnings"],
    &["clippy", "--package", "xtask", "--locked", "--", "--deny", "warnings"],
    &["doc", "--workspace", "--no-deps", SANDBOX, "--locked"],
    &["test", "--workspace", "--doc", SANDBOX, "--locked"],
    &["test", "--workspace", "--all-targets", SANDBOX, "--locked"],
];

/// Tests that ask real programs.
struct Suite {
    name: &'static str,
    tools: &'static [Tool],
    run: fn(&Tools) -> Result<()>,
}

const SUITES: [Suite; 6] = [
    Suite {
        name: "example chart in Helm 4",
        tools: &[Tool::Helm4],
        run: |tools| Golden::check_with(tools, Tool::Helm4),
    },
    Suite {
        name: "example chart in Helm 3",
        tools: &[Tool::Helm3],
        run: |tools| Golden::check_with(tools, Tool::Helm3),
    },
    Suite { name: "cfn-lint on the template", tools: &[Tool::CfnLint], run: template::check },
    Suite { name: "API conversations", tools: &Api::TOOLS, run: |tools| Api { check: true }.run(tools) },
    Suite {
        name: "bootstrap by command and Lambda",
        tools: &sandbox::TOOLS,
        run: |tools| sandbox::run(tools, &sandbox::Options::default()),
    },
    Suite { name: "questions to AWS in moto", tools: &[Tool::Moto], run: moto::check },
];

impl Test {
    pub(crate) fn run(&self) -> Result<()> {
        let tools = Tools::locate()?;
        if self.list {
            for step in STEPS {
                eprintln!("cargo {}", step.join(" "));
            }
            for suite in SUITES {
                eprintln!("{}: {}", suite.name, names(suite.tools));
            }
            return Ok(());
        }
        if self.real {
            self.have_tools(&tools)?;
        }
        for step in STEPS {
            let mut command = cargo();
            command.args(step);
            if step.first() == Some(&"doc") {
                command.env("RUSTDOCFLAGS", "--deny warnings");
            }
            run(self.limit(&mut command))?;
        }
        self.run_suites(&tools)
    }

    /// Has every tool of every suite, before an hour of tests ends in the lack of one.
    fn have_tools(&self, tools: &Tools) -> Result<()> {
        let mut wanted: Vec<Tool> = SUITES.iter().flat_map(|suite| suite.tools).copied().collect();
        wanted.sort_unstable();
        wanted.dedup();
        if !self.offline {
            return ensure(tools, &wanted);
        }
        let missing = tools.missing(&wanted);
        if !missing.is_empty() {
            bail!("{} are missing: run `cargo xtask tools` with a network, or test without --real", names(&missing));
        }
        Ok(())
    }

    fn run_suites(&self, tools: &Tools) -> Result<()> {
        let (mut real, mut recorded, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        for suite in SUITES {
            let missing = tools.missing(suite.tools);
            if !missing.is_empty() {
                if self.real {
                    bail!("{}: {} vanished", suite.name, names(&missing));
                }
                recorded.push(format!("{} (no {})", suite.name, names(&missing)));
                continue;
            }
            eprintln!("real: {}", suite.name);
            match (suite.run)(tools) {
                Ok(()) => real.push(suite.name),
                Err(error) => {
                    eprintln!("error: {}: {error:#}", suite.name);
                    failed.push(suite.name);
                }
            }
        }
        let list = |names: &[&str]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let recorded: Vec<&str> = recorded.iter().map(String::as_str).collect();
        eprintln!("real: {}; on recordings only: {}", list(&real), list(&recorded));
        if !failed.is_empty() {
            bail!("against real programs these fail: {}", failed.join(", "));
        }
        Ok(())
    }

    /// Keeps a cargo from the network where that is asked for.
    fn limit<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        if self.offline { command.env("CARGO_NET_OFFLINE", "true") } else { command }
    }
}

fn names(tools: &[Tool]) -> String {
    tools.iter().map(|tool| tool.name()).collect::<Vec<_>>().join(", ")
}
