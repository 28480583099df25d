//! The function as Lambda runs it, judged by a CloudFormation that holds it to the contract.
//!
//! Every row of `docs/custom-resource-failures.md` is played here, in another test of the workspace, or named there
//! with the reason why not.
#![cfg(unix)]

mod answers;
mod faults;
mod life;
mod rows;
mod stage;
