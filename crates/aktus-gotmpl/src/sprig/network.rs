//! Names and greetings: `getHostByName`, which Helm keeps from the network by default, and
//! `hello`.

use crate::function::{Context, Function};
use crate::functions;
use crate::value::Str;

pub(super) static FUNCTIONS: &[Function] = functions! {
    "getHostByName" => context (Str) get_host_by_name;
    "hello" => () hello;
};

fn get_host_by_name(context: &mut Context<'_>, name: &Str) -> String {
    context.host().resolve(&name.to_text())
}

fn hello() -> &'static str {
    "Hello!"
}
