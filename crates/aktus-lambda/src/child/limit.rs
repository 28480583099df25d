//! How much memory may the working process take?

use rustix::process::{Resource, Rlimit, setrlimit};
use thiserror::Error;

/// What stays for the function itself, in MiB.
const KEPT_BACK: u64 = 96;
/// Less than this, in MiB, and no process can start.
const LEAST: u64 = 96;

/// Why there is no limit.
#[derive(Debug, Error)]
#[error("the memory of the process cannot be limited to {mebibytes} MiB: {cause}")]
pub struct LimitError {
    mebibytes: u64,
    cause: std::io::Error,
}

/// The limit for the working process of a function with so much memory, in MiB.
pub(crate) fn limit(function: u64) -> u64 {
    function.saturating_sub(KEPT_BACK).max(LEAST)
}

/// Limits the address space of this process so that it runs out of memory before the function does, and forbids it to
/// leave its memory behind in a core file.
///
/// `function` is the memory of the function in MiB.
pub fn limit_memory(function: u64) -> Result<(), LimitError> {
    let mebibytes = limit(function);
    let bytes = mebibytes.saturating_mul(1 << 20);
    let set = |resource, most| setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    set(Resource::Core, 0)
        .and_then(|()| set(Resource::As, bytes))
        .map_err(|error| LimitError { mebibytes, cause: error.into() })
}

#[cfg(test)]
mod tests {
    use super::limit;

    #[test]
    fn something_is_kept_back() {
        for (function, process) in [(128, 96), (192, 96), (512, 416), (10_240, 10_144), (0, 96)] {
            assert_eq!(limit(function), process);
        }
    }
}
