//! The name that was probably meant.

/// The candidate nearest to `name`, if one is near enough to be worth suggesting:
/// at most a third of its letters differ (by insertion, deletion, change, or case).
///
/// ```
/// use aktus_diagnostics::nearest;
///
/// assert_eq!(nearest("nindnet", ["indent", "nindent", "quote"]), Some("nindent"));
/// assert_eq!(nearest("frobnicate", ["indent", "quote"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let letters: Vec<char> = candidate.chars().flat_map(char::to_lowercase).collect();
            let allowed = name.len().max(letters.len()).div_ceil(3);
            let distance = distance(&name, &letters);
            (distance <= allowed && distance < name.len()).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance, one row at a time.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, letter) in left.iter().enumerate() {
        let mut diagonal = index;
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
        for (column, other) in right.iter().enumerate() {
            let above = row[column + 1];
            let changed = diagonal + usize::from(letter != other);
            row[column + 1] = changed.min(above + 1).min(row[column] + 1);
            diagonal = above;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[track_caller]
    fn check(name: &str, candidates: &[&str], expected: Option<&str>) {
        assert_eq!(nearest(name, candidates.iter().copied()), expected);
    }

    #[test]
    fn suggestions() {
        check("Valeus", &["Release", "Values", "Chart"], Some("Values"));
        check("values", &["Values"], Some("Values"));
        check("clustername", &["ClusterName", "Region"], Some("ClusterName"));
        check("x", &["y"], None);
        check("", &["y"], None);
        check("anything", &[], None);
    }
}
