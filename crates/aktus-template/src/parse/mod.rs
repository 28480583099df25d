//! Text to template: YAML with functions in short and long form, or JSON, which is read as the YAML it is.
//!
//! What is wrong is told all at once, each with its place. Aliases and merge keys, which `CloudFormation` itself does
//! not take but its command line resolves, are written out.

mod conditions;
mod json;
mod reader;
mod scalar;
mod sections;

use aktus_diagnostics::{Diagnostic, SourceId, Span};
use aktus_yaml::node::Document;

use crate::model::{Place, Template};
pub use json::as_yaml;
use reader::Reader;

/// How much of a text is read; a template beyond that is refused.
///
/// The defaults are far above what `CloudFormation` takes (1 MB of text).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text.
    pub bytes: usize,
    /// Levels of nesting.
    pub depth: usize,
    /// Uses of aliases.
    pub aliases: usize,
    /// Nodes, those behind aliases counted at each use.
    pub nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 16 << 20, depth: 100, aliases: 10_000, nodes: 500_000 }
    }
}

impl Limits {
    fn of_yaml(&self) -> aktus_yaml::Limits {
        aktus_yaml::Limits {
            bytes: self.bytes,
            // What is deeper than we read is told by us, with its place.
            depth: self.depth.saturating_add(28),
            nodes: self.nodes,
            aliases: self.aliases,
            expanded_nodes: self.nodes,
            ..aktus_yaml::Limits::YAML
        }
    }
}

/// A template and the text it was read from.
#[derive(Debug)]
pub struct Parsed<'t> {
    /// The template.
    pub template: Template,
    /// How many bytes of text it has.
    pub bytes: usize,
    document: Document<'t>,
}

impl Parsed<'_> {
    /// Where something of the template is written, or the nearest thing around it.
    pub fn span(&self, place: &Place) -> Span {
        self.document.root().map_or(Span::DETACHED, |root| place.span(root))
    }
}

/// Reads a template, within the default [`Limits`]; spans will call the text `source`.
///
/// JSON with `\/` or escapes of letters beyond the first 65,536 has to go through [`as_yaml`] first.
///
/// ```
/// use aktus_diagnostics::Sources;
/// use aktus_template::{Place, parse};
///
/// let text = "Resources:\n  Files:\n    Type: AWS::EFS::FileSystem\n    Properties: {Encrypted: yes}\n";
/// let mut sources = Sources::new();
/// let source = sources.add("files.yaml", text);
/// let parsed = parse(text.as_bytes(), source).expect("a template");
/// let place = Place::of(&["Resources", "Files", "Properties", "Encrypted"]);
/// assert_eq!(sources.position(parsed.span(&place)).map(|at| (at.line, at.column)), Some((4, 29)));
///
/// let problems = parse(b"Resources:\n  Files: !Include x\n", source).unwrap_err();
/// assert_eq!(problems[0].message, "CloudFormation has no function `!Include`");
/// ```
pub fn parse(text: &[u8], source: SourceId) -> Result<Parsed<'_>, Vec<Diagnostic>> {
    parse_within(text, source, &Limits::default())
}

/// Reads a template within limits of one's own.
pub fn parse_within<'t>(text: &'t [u8], source: SourceId, limits: &Limits) -> Result<Parsed<'t>, Vec<Diagnostic>> {
    let document = Document::parse(text, source, &limits.of_yaml()).map_err(|error| vec![error.diagnostic(source)])?;
    let mut reader = Reader::new(limits);
    let template = if let Some(root) = document.root() {
        sections::template(&mut reader, root)
    } else {
        let empty = Diagnostic::error("the template is empty").at(Span::new(source, 0..0));
        return Err(vec![empty.hint("it needs at least the section `Resources`")]);
    };
    if reader.problems.is_empty() {
        return Ok(Parsed { template, bytes: text.len(), document });
    }
    Err(reader.problems)
}
