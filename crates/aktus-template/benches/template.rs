//! How long reading, evaluating, checking and writing take: `cargo bench -p aktus-template`.
//!
//! Each line is the median and the best of many runs, in one thread.
#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use aktus_diagnostics::Sources;
use aktus_template::{Day, Pseudo, Template, check, check_graph, evaluate, parse, platform};

const TODAY: Day = Day::new(2026, 11, 22);

/// Runs something for a while and prints how long it took in milliseconds.
fn measure<T>(what: &str, mut run: impl FnMut() -> T) {
    let start = Instant::now();
    let mut times = Vec::new();
    while times.len() < 10 || start.elapsed().as_secs() < 2 && times.len() < 2000 {
        let begin = Instant::now();
        black_box(run());
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    println!("{what:52} median {:8.3} ms, best {:8.3} ms, {} runs", times[times.len() / 2], times[0], times.len());
}

/// A template of 500 resources and about a megabyte, with references, conditions and long texts.
fn large() -> String {
    let mut text = String::from(
        "Parameters:\n  Stage: {Type: String, Default: test, AllowedValues: [test, live]}\n\
         Conditions:\n  Live: !Equals [!Ref Stage, live]\nResources:\n",
    );
    for number in 0..500 {
        let before =
            if number == 0 { "!Ref AWS::StackName".to_owned() } else { format!("!GetAtt Function{}.Arn", number - 1) };
        let _infallible = write!(
            text,
            "  Function{number}:\n    Type: AWS::Lambda::Function\n    Properties:\n      Runtime: provided.al2023\n      \
             Role: !Sub 'arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/${{Stage}}-{number}'\n      \
             MemorySize: !If [Live, 1024, 128]\n      Environment:\n        Variables:\n          Before: {before}\n"
        );
        for line in 0..24 {
            let _infallible = writeln!(
                text,
                "          Key{line}: !Join ['-', [!Ref Stage, !Ref AWS::Region, value {line} of function {number}]]"
            );
        }
    }
    text
}

fn read(text: &str) -> Template {
    let mut sources = Sources::new();
    let source = sources.add("template", text);
    parse(text.as_bytes(), source).expect("a template").template
}

fn all(what: &str, template: &Template, given: &BTreeMap<String, String>) {
    let pseudo = Pseudo::new("stack", "us-east-1", "111122223333");
    let yaml = template.to_yaml();
    println!("{what}: {} resources, {} bytes", template.resources.len(), yaml.len());
    measure("  write as YAML", || template.to_yaml());
    measure("  read", || read(&yaml));
    measure("  evaluate", || evaluate(template, given, &pseudo).expect("a graph"));
    measure("  evaluate and check under these parameters", || {
        let graph = evaluate(template, given, &pseudo).expect("a graph");
        check_graph(template, &graph, &pseudo, TODAY)
    });
    measure("  check under all sets of parameters", || check(template, TODAY, Some(yaml.len())));
}

fn main() {
    let code = [("BootstrapCodeBucket", "code"), ("BootstrapCodeKey", "bootstrap.zip")];
    let code = code.map(|(name, value)| (name.to_owned(), value.to_owned()));
    all("the platform's template", &platform(), &code.into());
    let text = large();
    println!("as it is written: {} bytes", text.len());
    measure("  read", || read(&text));
    all("a large template", &read(&text), &BTreeMap::new());
}
