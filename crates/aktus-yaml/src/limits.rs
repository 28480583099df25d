//! How much of a text we are willing to read.

/// Bounds on one document; a text beyond them is refused with [`Error::Limit`](crate::Error::Limit)
/// (or [`json::Error::Limit`](crate::json::Error::Limit)), never read in part.
///
/// The defaults leave real charts ample room (the deepest of 1,300 had 38 levels, the largest
/// 64,138 nodes). Go's own bounds are wider: go-yaml stops at 10,000 levels.
/// Its rule on excessive aliasing applies besides these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text.
    pub bytes: usize,
    /// Levels of nesting: a list in a map is two. More than 256 count as 256, so that no value
    /// exhausts a stack.
    pub depth: usize,
    /// Scalars, lists, maps and aliases, keys included, before aliases are expanded.
    pub nodes: usize,
    /// Uses of aliases, before they are expanded.
    pub aliases: usize,
    /// Nodes after aliases are expanded.
    pub expanded_nodes: usize,
    /// Bytes of scalars after aliases are expanded.
    pub scalar_bytes: usize,
}

/// The deepest nesting that [`Limits::depth`] can allow, and that the writers write.
pub(crate) const MAX_DEPTH: usize = 256;

impl Limits {
    /// The default bounds for YAML.
    pub const YAML: Self = Self {
        bytes: 16 << 20,
        depth: 64,
        nodes: 250_000,
        aliases: 50_000,
        expanded_nodes: 1_000_000,
        scalar_bytes: 64 << 20,
    };

    /// The default bounds for JSON: twice as deep, since `values.schema.json` and API objects nest more.
    pub const JSON: Self = Self { depth: 128, ..Self::YAML };
}

impl Default for Limits {
    fn default() -> Self {
        Self::YAML
    }
}

/// Which of the [`Limits`] a text exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bound {
    /// [`Limits::bytes`].
    Bytes,
    /// [`Limits::depth`].
    Depth,
    /// [`Limits::nodes`].
    Nodes,
    /// [`Limits::aliases`].
    Aliases,
    /// [`Limits::expanded_nodes`].
    ExpandedNodes,
    /// [`Limits::scalar_bytes`].
    ScalarBytes,
}

impl std::fmt::Display for Bound {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Bytes => "bytes of text",
            Self::Depth => "levels of nesting",
            Self::Nodes => "nodes",
            Self::Aliases => "aliases",
            Self::ExpandedNodes => "nodes after aliases are expanded",
            Self::ScalarBytes => "bytes of scalars after aliases are expanded",
        })
    }
}
