//! What tests of charts share.
#![allow(dead_code, clippy::allow_attributes, reason = "each test uses a part of it")]

pub(crate) mod tar;
