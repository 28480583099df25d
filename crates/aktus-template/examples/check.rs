//! Checks a template: `cargo run -p aktus-template --example check -- FILE 2026-11-22`.
#![expect(clippy::print_stdout, reason = "an example prints")]

use aktus_diagnostics::Sources;
use aktus_template::{as_yaml, check, parse};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(today)) = (arguments.next(), arguments.next()) else {
        return Err("say which file, and on which day".into());
    };
    let text = std::fs::read_to_string(&path)?;
    let readable = as_yaml(&text);
    let mut sources = Sources::new();
    let source = sources.add(path, &text);
    let parsed = parse(readable.as_bytes(), source).map_err(|problems| format!("{problems:#?}"))?;
    for finding in check(&parsed.template, today.parse()?, Some(parsed.bytes)) {
        let diagnostic = finding.diagnostic(&parsed);
        let at = sources.position(diagnostic.span).map(|at| at.to_string()).unwrap_or_default();
        println!("{at}: {:?}: {}\n    {}", diagnostic.severity, diagnostic.message, diagnostic.hints.join("; "));
    }
    Ok(())
}
