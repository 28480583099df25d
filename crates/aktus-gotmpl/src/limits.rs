//! How much may templates ask for?

/// Bounds on one render. Reaching one is an error that names the template and the line.
///
/// Real charts stay far below the defaults; Go and Helm have almost none of these and run out of memory instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one template file; 16 MiB.
    pub source_bytes: usize,
    /// Tokens (words, numbers, operators, spaces, runs of text) of all templates of a set together; 1 million. A text
    /// given to `tpl` may have a quarter of that.
    pub tokens: usize,
    /// Control structures (`if`, `range`, `with`, `define`, `block`) inside each other; 10,000.
    pub nesting: usize,
    /// Parentheses inside each other; 10,000 as in Go.
    pub expression_depth: usize,
    /// How often one name may be under way in `include` at once; 1,000 as in Helm.
    pub include_depth: usize,
    /// How many `template` actions may be under way at once; 1,000 (Go: 100,000).
    pub template_depth: usize,
    /// How many executions of any kind (`include`, `tpl`, `template`) may be under way at once; 10,000.
    pub call_depth: usize,
    /// Steps of work in all: an instruction, a turn of a loop, 64 bytes made by a function; 50 million.
    pub steps: u64,
    /// Bytes of one string, or elements of one list times 16; 32 MiB.
    pub value_bytes: usize,
    /// Bytes of all values, texts and unfinished outputs in use at once, as estimated now and then; 96 MiB. It may
    /// be passed by as much as a few values take.
    pub live_bytes: usize,
    /// Bytes of output of one executed template file; 16 MiB.
    pub file_bytes: usize,
    /// Bytes of output in all; 64 MiB.
    pub total_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: usize = 1 << 20;
        Self {
            source_bytes: 16 * MIB,
            tokens: 1_000_000,
            nesting: 10_000,
            expression_depth: 10_000,
            include_depth: 1_000,
            template_depth: 1_000,
            call_depth: 10_000,
            steps: 50_000_000,
            value_bytes: 32 * MIB,
            live_bytes: 96 * MIB,
            file_bytes: 16 * MIB,
            total_bytes: 64 * MIB,
        }
    }
}

/// Which limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// [`Limits::steps`]
    #[error("the templates took more than {0} steps; look for a loop or a function that makes very long text")]
    Steps(u64),
    /// [`Limits::value_bytes`]
    #[error("a value would take {wanted} bytes, more than the {limit} allowed")]
    Value {
        /// What was asked for.
        wanted: u64,
        /// The limit.
        limit: u64,
    },
    /// [`Limits::live_bytes`]
    #[error(
        "the templates have more than the allowed {0} bytes in use at once; look for a loop that collects long text or \
         an include that calls itself"
    )]
    Live(u64),
    /// [`Limits::file_bytes`]
    #[error("the output of the template would be longer than {0} bytes")]
    File(u64),
    /// [`Limits::total_bytes`]
    #[error("the output of all templates would be longer than {0} bytes")]
    Total(u64),
    /// [`Limits::call_depth`]
    #[error("more than {0} templates are under way inside each other; look for an include or tpl that calls itself")]
    Calls(usize),
    /// [`Value::DEPTH`](crate::Value::DEPTH)
    #[error("the value is nested more than {0} levels deep; look for a map that contains itself")]
    Depth(usize),
}
