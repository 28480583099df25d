//! Which templates are there, and how is one of them run? A set of parsed texts, immutable once parsed, shared between
//! threads, rendered any number of times.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::builtins;
use crate::error::{Cause, ExecError, ParseError};
use crate::function::{Context, Function, FunctionTable};
use crate::limits::Limits;
use crate::program::{Body, Program};
use crate::syntax::parser::{Functions, parse};
use crate::value::{Str, Value};

/// What a key that a map does not have evaluates to; Go's option `missingkey`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MissingKey {
    /// To nothing, which prints `<no value>`; Go's default.
    #[default]
    Default,
    /// To the zero value of the map's element type; what Helm renders with.
    Zero,
    /// To an error; what `helm lint --strict` renders with.
    Error,
}

/// A set of templates. `Send`, `Sync` and cheap to clone.
///
/// ```
/// use aktus_gotmpl::{Context, FrozenHost, FunctionTable, Profile, Templates, Value};
///
/// let mut templates = Templates::new(FunctionTable::new());
/// templates.parse("greeting", "{{ define \"name\" }}{{ .name }}{{ end }}Hello, {{ template \"name\" . }}!")?;
///
/// let host = FrozenHost::default();
/// let data = Value::map([("name", Value::from("world"))]);
/// let output = templates.execute("greeting", data, &mut Context::new(&host, Profile::Helm4))?;
/// assert_eq!(output, b"Hello, world!");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Templates {
    name: Str,
    functions: Arc<FunctionTable>,
    missing_key: MissingKey,
    limits: Limits,
    /// How many tokens the texts have together.
    tokens: usize,
    defined: BTreeMap<Str, (Arc<Program>, usize)>,
    /// What the texts hold.
    known: BTreeMap<Arc<[u8]>, Arc<Body>>,
}

impl Templates {
    /// No templates yet, with these functions besides Go's own.
    pub fn new(functions: FunctionTable) -> Self {
        Self {
            name: Str::from("gotpl"),
            functions: Arc::new(functions),
            missing_key: MissingKey::Default,
            limits: Limits::default(),
            tokens: 0,
            defined: BTreeMap::new(),
            known: BTreeMap::new(),
        }
    }

    /// The same with another name of the set than Helm's `gotpl`; errors of `include` and `tpl` show it.
    #[must_use]
    pub fn named(mut self, name: impl Into<Str>) -> Self {
        self.name = name.into();
        self
    }

    /// The same with another option for missing keys.
    #[must_use]
    pub fn with_missing_key(mut self, missing_key: MissingKey) -> Self {
        self.missing_key = missing_key;
        self
    }

    /// The same with other limits on the texts of templates.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The name of the set.
    pub fn name(&self) -> &Str {
        &self.name
    }

    /// The option for missing keys.
    pub fn missing_key(&self) -> MissingKey {
        self.missing_key
    }

    /// The names of the templates, sorted.
    pub fn names(&self) -> Vec<&Str> {
        self.defined.keys().collect()
    }

    /// Whether there is a template of this name.
    pub fn contains(&self, name: &[u8]) -> bool {
        self.defined.contains_key(name)
    }

    /// Adds the templates of a text: itself under `name`, and those it defines. Each replaces an earlier one of its
    /// name, unless it holds nothing but space and comments.
    pub fn parse(&mut self, name: impl Into<Str>, text: impl AsRef<[u8]>) -> Result<(), ParseError> {
        self.parse_shared(name, &Arc::from(text.as_ref()))
    }

    /// [`Templates::parse`] of a text that is kept as it is, not copied.
    pub fn parse_shared(&mut self, name: impl Into<Str>, text: &Arc<[u8]>) -> Result<(), ParseError> {
        let name = name.into();
        let left = self.limits.tokens.saturating_sub(self.tokens);
        let known = self.known.get(text).filter(|body| body.arena.tokens <= left);
        let program = if let Some(program) = known.and_then(|body| Program::renamed(&name, body)) {
            program
        } else {
            let program = self.program(&name, text, left)?;
            self.known.insert(Arc::clone(text), Arc::clone(program.body()));
            program
        };
        let program = Arc::new(program);
        self.tokens += program.arena.tokens;
        for (index, template) in program.templates.iter().enumerate() {
            let name = program.template_name(index);
            if !template.is_empty || !self.defined.contains_key(name.as_bytes()) {
                self.defined.insert(name.clone(), (Arc::clone(&program), index));
            }
        }
        Ok(())
    }

    fn program(&self, name: &Str, text: &Arc<[u8]>, tokens: usize) -> Result<Program, ParseError> {
        parse(name, text, &*self.functions, &Limits { tokens, ..self.limits }).map(Program::new)
    }

    /// Runs a template with `data` as dot and gives its output.
    ///
    /// Nothing of the output is given if the template fails, nor are changes undone that it made to maps in `data`.
    pub fn execute(&self, name: impl Into<Str>, data: Value, context: &mut Context<'_>) -> Result<Vec<u8>, ExecError> {
        let output = crate::exec::execute(self, &name.into(), data, context)?;
        context.write(output.len()).map_err(|limit| ExecError::new(None, Cause::Limit(limit)))?;
        Ok(output)
    }

    pub(crate) fn find(&self, name: &Str) -> Option<(Arc<Program>, usize)> {
        let (program, template) = self.defined.get(name.as_bytes())?;
        Some((Arc::clone(program), *template))
    }

    /// The templates of a text given to `tpl`; parsed once in a render.
    pub(crate) fn parse_tpl(&self, text: &Str, context: &mut Context<'_>) -> Result<Arc<Program>, ParseError> {
        if let Some(program) = context.parsed.get(text, &self.functions) {
            return Ok(program);
        }
        let limit = self.limits.tokens / 4;
        let program = Arc::new(self.program(&self.name, &Arc::from(text.as_bytes()), limit)?);
        context.parsed.insert(text.clone(), Arc::clone(&program), limit);
        Ok(program)
    }
}

impl Functions for FunctionTable {
    fn find(&self, name: &str) -> Option<(Function, bool)> {
        self.get(name).map(|function| (function, false)).or_else(|| Some((builtins::get(name)?, true)))
    }

    fn names(&self) -> Vec<&str> {
        self.iter().map(Function::name).chain(builtins::names()).collect()
    }
}

/// Texts of `tpl` that were parsed before, with the functions they were compiled for.
#[derive(Debug, Default)]
pub(crate) struct ParsedTexts {
    functions: Option<Arc<FunctionTable>>,
    programs: BTreeMap<Str, Arc<Program>>,
    bytes: usize,
    tokens: usize,
}

/// Bytes of source text to keep parsed.
const KEPT: usize = 2 << 20;

impl ParsedTexts {
    fn get(&mut self, text: &Str, functions: &Arc<FunctionTable>) -> Option<Arc<Program>> {
        if !self.functions.as_ref().is_some_and(|known| Arc::ptr_eq(known, functions)) {
            *self = Self { functions: Some(Arc::clone(functions)), ..Self::default() };
        }
        self.programs.get(text).cloned()
    }

    /// Keeps a program, and forgets all others when they have too many tokens or bytes.
    fn insert(&mut self, text: Str, program: Arc<Program>, tokens: usize) {
        self.bytes += text.len();
        self.tokens += program.arena.tokens;
        if self.bytes > KEPT || self.tokens > tokens {
            self.programs.clear();
            self.bytes = text.len();
            self.tokens = program.arena.tokens;
        }
        self.programs.insert(text, program);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::FrozenHost;
    use crate::{Frozen, Profile};

    /// Parses a set under `a` and runs it.
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut templates = Templates::new(crate::helm_functions(Profile::Helm4)).with_missing_key(MissingKey::Zero);
        templates.parse("a", text).expect("the text is a template");
        let host = FrozenHost::default();
        let output =
            templates.execute("a", Value::map([("x", Value::Int(1))]), &mut Context::new(&host, Profile::Helm4));
        assert_eq!(String::from_utf8(output.expect("it runs")).expect("it is text"), expected);
    }

    #[test]
    fn sets_and_frozen_values_are_shared_between_threads() {
        fn is_shared<T: Send + Sync + Clone>() {}
        is_shared::<Templates>();
        is_shared::<Frozen>();
        is_shared::<FunctionTable>();
    }

    #[test]
    fn later_templates_replace_earlier_ones_unless_they_are_empty() {
        let mut templates = Templates::new(FunctionTable::new());
        templates.parse("a", "{{ define \"x\" }}first{{ end }}{{ define \"y\" }}first{{ end }}").expect("a template");
        templates
            .parse("b", "{{ define \"x\" }}second{{ end }}{{ define \"y\" }} {{/* empty */}} {{ end }}")
            .expect("a template");
        let host = FrozenHost::default();
        let run = |name: &str| {
            let output = templates.execute(name, Value::Nil, &mut Context::new(&host, Profile::Helm4));
            String::from_utf8(output.expect("it runs")).expect("it is text")
        };
        assert_eq!((run("x"), run("y")), ("second".to_owned(), "first".to_owned()));
    }

    #[test]
    fn texts_that_are_the_same_keep_their_names() {
        let text =
            "{{ define \"d\" }}{{ fail \"d\" }}{{ end }}{{ if .d }}{{ template \"d\" }}{{ end }}{{ fail \"own\" }}";
        let host = FrozenHost::default();
        let run = |templates: &Templates, name: &str, data: Value| {
            let output = templates.execute(name, data, &mut Context::new(&host, Profile::Helm4));
            output.map_or_else(|error| error.to_string(), |output| String::from_utf8_lossy(&output).into_owned())
        };
        let mut templates = Templates::new(crate::helm_functions(Profile::Helm4));
        for name in ["first", "second"] {
            templates.parse(name, text).expect("a template");
        }
        for name in ["first", "second"] {
            let own = format!("template: {name}:1:80: executing \"{name}\" at <fail \"own\">: error calling fail: ");
            let found = run(&templates, name, Value::Nil);
            assert!(found.starts_with(&own), "{found}");
            // The later definition counts.
            let defined = "template: second:1:19: executing \"d\" at <fail \"d\">: error calling fail: ";
            let found = run(&templates, name, Value::map([("d", Value::Bool(true))]));
            assert!(found.starts_with(defined), "{found}");
        }
        // A text that defines the name it is given later is another then.
        let text = "{{ define \"third\" }}inner{{ end }}outer";
        templates.parse("fourth", text).expect("a template");
        assert_eq!(run(&templates, "third", Value::Nil), "inner");
        let error = templates.parse("third", text).expect_err("it is defined twice");
        assert!(error.to_string().contains("multiple definition of template \"third\""), "{error}");
    }

    #[test]
    fn what_tpl_defines_is_seen_only_while_it_runs() {
        check(
            r#"{{ define "n" }}outer{{ end }}{{ define "m" }}[{{ include "n" . }}]{{ end }}
{{- include "m" . }} {{ tpl "{{ define \"n\" }}inner{{ end }}{{ include \"m\" . }}{{ template \"n\" }}" . }} {{ include "m" . -}}"#,
            "[outer] [inner]inner [outer]",
        );
        // An empty define does not hide the one outside.
        check(
            r#"{{ define "n" }}outer{{ end }}{{ tpl "{{ define \"n\" }} {{ end }}{{ include \"n\" . }}" . }}"#,
            "outer",
        );
        // A tpl in a tpl sees what the outer one defines.
        check(
            r#"{{ tpl "{{ define \"n\" }}one{{ end }}{{ tpl \"{{ define `m` }}two{{ end }}{{ include `n` . }} {{ include `m` . }}\" . }}" . }}"#,
            "one two",
        );
    }

    #[test]
    fn tpl_deletes_no_value_and_include_does_not() {
        check(
            r#"{{ define "n" }}{{ .nope }}{{ end }}{{ tpl "a{{ .nope }}b" . }} {{ tpl "a<no value>b" . }} {{ include "n" . }}"#,
            "ab ab <no value>",
        );
    }

    #[test]
    fn variables_are_looked_up_as_they_were_declared_at_run_time() {
        // The parser lets an else branch see the variables of the first branch; running it does not.
        check("{{ $v := 1 }}{{ if false }}{{ $v := 2 }}{{ else }}{{ $v }}{{ end }}", "1");
        let mut templates = Templates::new(FunctionTable::new());
        templates.parse("a", "{{ if false }}{{ $v := 2 }}{{ else }}{{ $v }}{{ end }}").expect("a template");
        let host = FrozenHost::default();
        let error = templates.execute("a", Value::Nil, &mut Context::new(&host, Profile::Helm4)).expect_err("no $v");
        assert_eq!(error.to_string(), r#"template: a:1:40: executing "a" at <$v>: undefined variable: $v"#);
    }
}
