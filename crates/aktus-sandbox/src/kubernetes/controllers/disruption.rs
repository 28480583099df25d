//! How many pods of a disruption budget may go?

use serde_json::{Value, json};

use super::Work;
use super::pods::is_ready;
use super::work::{MANAGER, condition, is_going, number};
use crate::kubernetes::selector::Selector;
use crate::kubernetes::store::Key;

pub(super) fn look_at(work: &mut Work<'_>, key: &Key, budget: &Value) {
    if is_going(budget) {
        return;
    }
    let selector = budget.pointer("/spec/selector").and_then(Selector::of_object);
    let pods: Vec<_> = work
        .list("pods", Some(&key.namespace))
        .into_iter()
        .filter(|(_, pod)| !is_going(pod))
        .filter(|(_, pod)| selector.as_ref().is_some_and(|selector| selector.matches(pod)))
        .collect();
    let count = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    let expected = count(pods.len());
    let healthy = count(pods.iter().filter(|(_, pod)| is_ready(pod)).count());
    let share = |value: &Value| match value {
        Value::Number(number) => number.as_i64().unwrap_or(0),
        Value::String(text) => {
            let percent: i64 = text.strip_suffix('%').and_then(|text| text.parse().ok()).unwrap_or(0);
            (expected * percent + 99) / 100
        }
        _ => 0,
    };
    let desired = match (budget.pointer("/spec/minAvailable"), budget.pointer("/spec/maxUnavailable")) {
        (Some(least), _) => share(least),
        (None, Some(most)) => (expected - share(most)).max(0),
        (None, None) => expected,
    };
    let allowed = (healthy - desired).max(0);
    let now = work.now();
    let held = budget.get("status").cloned().unwrap_or(Value::Null);
    let (truth, reason) = if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    let mut allowed_condition = condition(&held, &now, "DisruptionAllowed", truth, reason, "");
    allowed_condition["message"] = "".into();
    allowed_condition["observedGeneration"] = number(budget, "/metadata/generation").into();
    let status = json!({
        "observedGeneration": number(budget, "/metadata/generation"),
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "expectedPods": expected,
        "conditions": [allowed_condition],
    });
    work.set_status(MANAGER, key, &status);
}
