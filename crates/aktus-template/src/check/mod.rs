//! What is wrong with a template, before AWS is asked.
//!
//! Rules look at the template as it is written, or at what it creates under given parameters. Where none are given,
//! the template is evaluated under several sets of values that are made from its parameters, so that branches of
//! conditions and lists of different lengths are seen.

mod dangling;
mod day;
mod end_of_life;
mod limits;
mod names;
mod order;
mod policies;
mod protection;
mod scenarios;
mod secrets;

use std::collections::{BTreeMap, BTreeSet};

use aktus_diagnostics::{Diagnostic, Severity};

pub(crate) use dangling::dangling_references;
pub use day::Day;

use crate::eval::{EvaluateError, Pseudo, ResourceGraph, evaluate_all};
use crate::model::{Place, Template};
use crate::parse::Parsed;

/// A rule: what it looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, such as `select-out-of-range`.
    pub name: &'static str,
    /// How bad what it finds is.
    pub severity: Severity,
    /// What it finds, and why that matters.
    pub about: &'static str,
    run: Run,
}

/// When a rule is run, and over what.
#[derive(Clone, Copy)]
enum Run {
    /// Over the template as it is written.
    Template(fn(&Subject<'_>, &mut Findings)),
    /// Over what it creates under some parameters.
    Graph(fn(&Subject<'_>, &ResourceGraph, &mut Findings)),
    /// By evaluating: the errors are the findings.
    Evaluation,
}

impl PartialEq for Run {
    fn eq(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl Eq for Run {}

impl std::fmt::Debug for Run {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Template(_) => "Template",
            Self::Graph(_) => "Graph",
            Self::Evaluation => "Evaluation",
        })
    }
}

const fn rule(name: &'static str, severity: Severity, about: &'static str, run: Run) -> Rule {
    Rule { name, severity, about, run }
}

/// All rules.
pub const RULES: [Rule; 24] = {
    use Run::{Evaluation, Graph};
    use Severity::{Error, Warning};
    [
        rule(
            "dangling-reference",
            Error,
            "a name that nothing in the template has, or nothing that exists under some parameters",
            Run::Template(dangling::dangling),
        ),
        rule("select-out-of-range", Error, "`Fn::Select` of an item that the list does not have", Evaluation),
        rule("cycle", Error, "conditions or resources that need each other", Evaluation),
        rule("function-argument", Error, "a function that gets what it cannot work with", Evaluation),
        rule(
            "unused-parameter",
            Warning,
            "a parameter whose value changes nothing",
            Run::Template(names::unused_parameters),
        ),
        rule(
            "unused-condition",
            Warning,
            "a condition on which nothing hangs: what it stands for was forgotten",
            Run::Template(names::unused_conditions),
        ),
        rule("unused-mapping", Warning, "a mapping that nothing looks into", Run::Template(names::unused_mappings)),
        rule("limit", Error, "more than CloudFormation takes", Run::Template(limits::counts)),
        rule(
            "body-size",
            Warning,
            "a template too large to be given to CloudFormation without a bucket",
            Run::Template(limits::body),
        ),
        rule(
            "name-too-long",
            Error,
            "a name that leaves less than 64 letters for the name of the stack",
            Graph(limits::long_names),
        ),
        rule(
            "fixed-name",
            Warning,
            "a name of its own: the resource cannot be replaced, nor the stack created twice",
            Graph(limits::fixed_names),
        ),
        rule(
            "trust-key-with-scheme",
            Error,
            "a trust policy whose condition keys begin with `https://`: they never match",
            Graph(policies::trust_keys),
        ),
        rule("wildcard-action", Warning, "a permission for every action", Graph(policies::wildcard_actions)),
        rule(
            "wildcard-resource",
            Warning,
            "a permission for every resource, where the action could name one",
            Graph(policies::wildcard_resources),
        ),
        rule(
            "open-principal",
            Error,
            "a permission for everybody, without a condition",
            Graph(policies::open_principals),
        ),
        rule(
            "secret-in-output",
            Error,
            "a masked parameter in an output, which everybody can read",
            Run::Template(secrets::outputs),
        ),
        rule(
            "secret-in-metadata",
            Error,
            "a masked parameter, or what looks like a key, in text that everybody can read",
            Run::Template(secrets::metadata),
        ),
        rule(
            "secret-in-event",
            Warning,
            "a masked parameter in a property that is logged or shown in the clear",
            Run::Template(secrets::events),
        ),
        rule(
            "stateful-without-retention",
            Warning,
            "data that goes with the stack, and nobody has said so",
            Run::Template(protection::retention),
        ),
        rule(
            "hard-coded-partition",
            Warning,
            "an ARN that is wrong in China and in GovCloud",
            Run::Template(protection::partition),
        ),
        rule(
            "end-of-life",
            Error,
            "a version that AWS no longer offers, or soon will not",
            Graph(end_of_life::versions),
        ),
        rule(
            "unattached-security-group",
            Warning,
            "a security group that nothing has: what it lets in is nobody",
            Graph(order::unattached_groups),
        ),
        rule(
            "network-deleted-first",
            Error,
            "routes that go while nodes and load balancers still need them",
            Graph(order::network),
        ),
        rule(
            "needs-deleted-first",
            Error,
            "a custom resource whose function loses what it works with, on creation and on deletion",
            Graph(order::custom_resources),
        ),
    ]
};

/// Something that a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The name of the rule.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Where in the template.
    pub place: Place,
    /// What is wrong: one sentence without full stop.
    pub message: String,
    /// What to do: a sentence fragment.
    pub fix: String,
    /// The values of parameters under which it shows, when they are not the defaults.
    pub under: BTreeMap<String, String>,
}

impl Finding {
    /// The finding as a diagnostic with its place in the text.
    pub fn diagnostic(&self, parsed: &Parsed<'_>) -> Diagnostic {
        let under: Vec<_> = self.under.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut message = format!("{} ({})", self.message, self.rule);
        if !under.is_empty() {
            message = format!("{message}, with {}", under.join(" "));
        }
        Diagnostic::new(self.severity, message).at(parsed.span(&self.place)).hint(self.fix.clone())
    }
}

/// What is checked.
struct Subject<'a> {
    template: &'a Template,
    today: Day,
    /// The bytes of the text; unknown when there is none.
    bytes: Option<usize>,
    stack_name: &'a str,
}

/// Findings, each rule once for each place.
#[derive(Default)]
struct Findings {
    all: Vec<Finding>,
    seen: BTreeSet<(&'static str, Place)>,
    /// The rule that runs, and under which values.
    rule: Option<&'static Rule>,
    under: BTreeMap<String, String>,
}

impl Findings {
    fn add(&mut self, place: Place, message: impl Into<String>, fix: impl Into<String>) {
        let Some(rule) = self.rule else { return };
        if self.seen.insert((rule.name, place.clone())) {
            let (message, fix) = (message.into(), fix.into());
            let under = self.under.clone();
            self.all.push(Finding { rule: rule.name, severity: rule.severity, place, message, fix, under });
        }
    }
}

/// Checks a template; `today` is the day on which versions are judged, `bytes` how long its text is, if there is one.
///
/// It is evaluated under its defaults, and with each parameter that decides something changed in turn.
/// Findings come in the order of their severity, then of the rules.
///
/// ```
/// use aktus_template::{Day, check, platform};
///
/// let template = platform();
/// let bytes = template.to_yaml().len();
/// assert_eq!(check(&template, Day::new(2026, 11, 22), Some(bytes)), []);
/// ```
pub fn check(template: &Template, today: Day, bytes: Option<usize>) -> Vec<Finding> {
    let pseudo = Pseudo::new("stack-name", "us-east-1", "111122223333");
    let subject = Subject { template, today, bytes, stack_name: &pseudo.stack_name };
    let mut findings = Findings::default();
    static_rules(&subject, &mut findings);
    scenarios::each(template, &pseudo, |under, graph, problems| {
        findings.under = under;
        for problem in problems {
            // What a macro makes of resources may need each other no more.
            if !(template.has_macros() && matches!(problem, EvaluateError::Circle { .. })) {
                evaluation(&problem, &mut findings);
            }
        }
        graph_rules(&subject, graph, &mut findings);
    });
    finish(findings)
}

/// Checks a template with these parameters only.
///
/// Errs when the values break the rules of their parameters; what else is wrong is in the findings.
pub fn check_with(
    template: &Template,
    parameters: &BTreeMap<String, String>,
    pseudo: &Pseudo,
    today: Day,
    bytes: Option<usize>,
) -> Result<Vec<Finding>, EvaluateError> {
    let subject = Subject { template, today, bytes, stack_name: &pseudo.stack_name };
    let mut findings = Findings::default();
    static_rules(&subject, &mut findings);
    let (graph, problems) = evaluate_all(template, parameters, pseudo)?;
    for problem in problems {
        if evaluation_rule(&problem).is_none() {
            return Err(problem);
        }
        evaluation(&problem, &mut findings);
    }
    graph_rules(&subject, &graph, &mut findings);
    Ok(finish(findings))
}

/// Checks what a template creates under parameters that were evaluated already, with the rules that look at that only.
pub fn check_graph(template: &Template, graph: &ResourceGraph, pseudo: &Pseudo, today: Day) -> Vec<Finding> {
    let mut findings = Findings::default();
    let subject = Subject { template, today, bytes: None, stack_name: &pseudo.stack_name };
    graph_rules(&subject, graph, &mut findings);
    finish(findings)
}

fn static_rules(subject: &Subject<'_>, findings: &mut Findings) {
    for rule in &RULES {
        if let Run::Template(run) = rule.run {
            findings.rule = Some(rule);
            run(subject, findings);
        }
    }
}

fn graph_rules(subject: &Subject<'_>, graph: &ResourceGraph, findings: &mut Findings) {
    for rule in &RULES {
        if let Run::Graph(run) = rule.run {
            findings.rule = Some(rule);
            run(subject, graph, findings);
        }
    }
}

/// The rule that an error of evaluation breaks; none if it is the values that are wrong.
fn evaluation_rule(problem: &EvaluateError) -> Option<&'static Rule> {
    let name = match problem {
        EvaluateError::Dangling { .. } => "dangling-reference",
        EvaluateError::Select { .. } => "select-out-of-range",
        EvaluateError::Circle { .. } => "cycle",
        EvaluateError::Intrinsic { .. } => "function-argument",
        _ => return None,
    };
    RULES.iter().find(|rule| rule.name == name)
}

fn evaluation(problem: &EvaluateError, findings: &mut Findings) {
    findings.rule = evaluation_rule(problem);
    let place = problem.place().cloned();
    // A name that nothing has was found already, without evaluation.
    let known = |place: &Place| {
        findings.all.iter().any(|finding| finding.rule == "dangling-reference" && place.0.starts_with(&finding.place.0))
    };
    if matches!(problem, EvaluateError::Dangling { .. }) && place.as_ref().is_some_and(known) {
        return;
    }
    match problem {
        EvaluateError::Dangling { name, .. } => findings.add(
            place.unwrap_or_default(),
            format!("`{name}` does not exist under these parameters"),
            "refer to it inside `Fn::If` with its condition, or give both the same condition",
        ),
        EvaluateError::Select { index, length, .. } => findings.add(
            place.unwrap_or_default(),
            format!("`Fn::Select` asks for item {index} of a list of {length}"),
            "pad the list, or give the resource a condition that holds only when the item is there",
        ),
        EvaluateError::Circle { names, conditions } => {
            let first = names.first().map_or("", String::as_str);
            let (section, fix) = if *conditions {
                ("Conditions", "write one of them without the other")
            } else {
                ("Resources", "move one of the references into a resource of its own, such as a policy beside its role")
            };
            findings.add(
                Place::of(&[section, first]),
                format!("{} need each other in a circle", names.join(", ")),
                fix,
            );
        }
        EvaluateError::Intrinsic { function, problem, .. } => {
            findings.add(place.unwrap_or_default(), format!("{function} {problem}"), "give it what it expects");
        }
        _ => {}
    }
}

fn finish(findings: Findings) -> Vec<Finding> {
    let mut all = findings.all;
    let rank = |finding: &Finding| RULES.iter().position(|rule| rule.name == finding.rule);
    all.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), rank(finding)));
    all
}
