//! A plan for people at a terminal.

use std::io::{self, Write};

use super::WholePlan;
use crate::ui::{printable, report};

/// Writes the plan: steps, the one ordered list, images, permissions, release, warnings, the end.
pub(crate) fn write(out: &mut impl Write, plan: &WholePlan) -> io::Result<()> {
    let preview = &plan.preview.report;
    report::steps(out, preview)?;
    let order = plan.order();
    let wide = |width: usize, text: &str| width.max(text.chars().count());
    let phase = order.iter().fold(0, |width, item| wide(width, item.phase));
    writeln!(out, "\norder of creation")?;
    for item in &order {
        let detail = if item.detail.is_empty() { String::new() } else { format!("  ({})", item.detail) };
        let line = format!("{:>4}  {:<phase$}  {:<9}  {}{detail}", item.number, item.phase, item.change, item.title());
        writeln!(out, "{}", printable(&line))?;
    }
    let images = plan.images();
    if !images.is_empty() {
        writeln!(out, "\nimages")?;
        for (image, used_by) in images {
            let used_by: Vec<_> = used_by.into_iter().collect();
            writeln!(out, "{}", printable(&format!("  {image}  ({})", used_by.join(", "))))?;
        }
    }
    let hooks: Vec<_> = plan.hooks().collect();
    if !hooks.is_empty() {
        writeln!(out, "\nhooks")?;
        for hook in hooks {
            writeln!(out, "{}", printable(&format!("  {}/{}  ({})", hook.kind, hook.name, hook.hook.join(", "))))?;
        }
    }
    if let Some(stack) = &plan.stack {
        writeln!(out, "\npermissions")?;
        for role in &stack.permissions {
            writeln!(out, "{}", printable(&format!("  {} for {}", role.role, role.trusted.join(", "))))?;
            for policy in &role.managed {
                writeln!(out, "{}", printable(&format!("    policy {policy}")))?;
            }
            for statement in &role.statements {
                let condition = if statement.conditional { ", under conditions" } else { "" };
                let line = format!(
                    "    {} {} on {}{condition}",
                    statement.effect.to_lowercase(),
                    statement.actions.join(", "),
                    statement.resources.join(", ")
                );
                writeln!(out, "{}", printable(&line))?;
            }
        }
    }
    writeln!(out)?;
    if let Some(stack) = &plan.stack {
        writeln!(out, "stack {} in {}: {} resources", stack.name, stack.region, stack.resources.len())?;
    }
    report::rest(out, preview)
}
