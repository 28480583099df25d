//! What do the comments of a values.yaml offer? Examples below or above an empty map or list, and entries that are
//! commented out.

use serde_json::Value;

use super::Keys;

/// Places and what could be there.
pub(super) fn read(text: &str, values: &Value) -> Vec<(Keys, Value)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut offers = Vec::new();
    // The keys above a line, with their indentation.
    let mut above: Vec<(usize, String)> = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        if comment(line).is_some() {
            let starts_block = number == 0 || lines.get(number - 1).is_none_or(|line| comment(line).is_none());
            if starts_block {
                let place: Keys = above.iter().map(|(_, key)| key.clone()).collect();
                offers.extend(commented_out(&block(&lines, number), &place, values));
            }
            continue;
        }
        let Some((indent, key, value)) = entry(line) else { continue };
        above.retain(|(at, _)| *at < indent);
        above.push((indent, key.to_owned()));
        if value != "{}" && value != "[]" {
            continue;
        }
        let place: Keys = above.iter().map(|(_, key)| key.clone()).collect();
        let mut start = number;
        while start > 0 && lines.get(start - 1).is_some_and(|line| comment(line).is_some()) {
            start -= 1;
        }
        for block in [block(&lines, number + 1), block(&lines, start)] {
            offers.extend(example(&block, key, value == "{}").map(|value| (place.clone(), value)));
        }
    }
    offers
}

/// The text of a comment line, with its indentation inside the comment.
fn comment(line: &str) -> Option<&str> {
    let text = line.trim_start().strip_prefix('#')?.trim_start_matches('#');
    Some(text.strip_prefix(' ').unwrap_or(text))
}

/// The comment lines from a line on.
fn block<'a>(lines: &[&'a str], from: usize) -> Vec<&'a str> {
    lines.iter().skip(from).map_while(|line| comment(line)).collect()
}

/// The indentation, key and value of an entry of a map.
fn entry(line: &str) -> Option<(usize, &str, &str)> {
    let text = line.trim_start();
    let (key, value) = text.split_once(':')?;
    let plain = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte));
    let value = value.split(" #").next().unwrap_or_default().trim();
    (plain && !text.starts_with("- ")).then_some((line.len() - text.len(), key, value))
}

/// The longest part of a comment that is a map, or a list, with something in it.
fn example(block: &[&str], key: &str, wants_map: bool) -> Option<Value> {
    let fits = |value: &Value| match value {
        Value::Object(entries) => wants_map && !entries.is_empty(),
        Value::Array(items) => !wants_map && items.iter().any(|item| !item.is_null()),
        _ => false,
    };
    for start in 0..block.len().min(20) {
        for end in (start + 1..=block.len().min(start + 30)).rev() {
            let text = block.get(start..end)?.join("\n");
            let Ok(value) = aktus_yaml::to_serde_json(text.as_bytes()) else { continue };
            // `## tolerations:` above its own example.
            let inner = value.get(key).filter(|_| value.as_object().is_some_and(|entries| entries.len() == 1));
            let value = inner.cloned().unwrap_or(value);
            if fits(&value) {
                return Some(value);
            }
        }
    }
    None
}

/// Entries that only need their `#` taken away: words with a value, no sentences.
fn commented_out(block: &[&str], place: &[String], values: &Value) -> Vec<(Keys, Value)> {
    let mut offers = Vec::new();
    for (number, line) in block.iter().enumerate() {
        let Some((0, key, _)) = entry(line) else { continue };
        let below = block.iter().skip(number + 1).take_while(|line| line.starts_with(' ') || line.starts_with("- "));
        let text = std::iter::once(line).chain(below).copied().collect::<Vec<_>>().join("\n");
        let Ok(Value::Object(entries)) = aktus_yaml::to_serde_json(text.as_bytes()) else { continue };
        let Some(value) = entries.get(key).filter(|value| !value.is_null()) else { continue };
        // A comment belongs to the map it stands in, or to the one above that.
        for depth in place.len().saturating_sub(1)..=place.len() {
            let above = place.get(..depth).unwrap_or_default();
            let parent = above.iter().try_fold(values, |value, key| value.get(key));
            if parent.is_some_and(Value::is_object) {
                offers.push(([above, &[key.to_owned()]].concat(), value.clone()));
                break;
            }
        }
    }
    offers
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(text: &str, path: &[&str], expected: &Value) {
        let values = aktus_yaml::to_serde_json(text.as_bytes()).unwrap();
        let offers = read(text, &values);
        let path: Keys = path.iter().map(|key| (*key).to_owned()).collect();
        assert!(offers.contains(&(path, expected.clone())), "{offers:?}");
    }

    #[test]
    fn examples_fill_what_is_empty() {
        check("a:\n  b: {}\n  # cpu: 1\n  # memory: 2Gi\n", &["a", "b"], &json!({"cpu": 1, "memory": "2Gi"}));
        check("## Some words.\n## e.g.\n## list:\n##   - name: x\n##\nlist: []\n", &["list"], &json!([{"name": "x"}]));
        check("# @param x\nb: [] # none\n# - text\n", &["b"], &json!(["text"]));
    }

    #[test]
    fn entries_are_taken_out_of_comments() {
        check("a: 1\n# secret: name\n", &["secret"], &json!("name"));
        check("a:\n  b: 1\n  # c:\n  #   d: 2\n", &["a", "c"], &json!({"d": 2}));
    }
}
