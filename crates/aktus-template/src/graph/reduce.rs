//! Graphs as lists of successors: what can be reached, and which arrows follow from others.

use std::collections::BTreeSet;

/// For each node what it needs directly, by number.
pub(super) type Needs = Vec<BTreeSet<usize>>;

/// What a node needs over any number of steps, at least one: a flag for each node.
fn reachable(needs: &Needs, from: usize) -> Vec<bool> {
    let mut seen = vec![false; needs.len()];
    let mut open: Vec<usize> = needs.get(from).into_iter().flatten().copied().collect();
    while let Some(node) = open.pop() {
        match seen.get_mut(node) {
            Some(flag) if !*flag => *flag = true,
            _ => continue,
        }
        open.extend(needs.get(node).into_iter().flatten());
    }
    seen
}

/// Whether a node needs itself, over others.
pub(super) fn is_on_circle(needs: &Needs, node: usize) -> bool {
    reachable(needs, node).get(node).copied().unwrap_or(false)
}

/// The same without what follows from the rest: a need that also holds over another need is left out.
/// Circles keep their arrows.
pub(super) fn reduce(needs: &Needs) -> Needs {
    let reached: Vec<Vec<bool>> = (0..needs.len()).map(|node| reachable(needs, node)).collect();
    let reaches = |from: usize, to: usize| reached.get(from).and_then(|row| row.get(to)).copied().unwrap_or(false);
    let circle = |one: usize, other: usize| reaches(one, other) && reaches(other, one);
    let follows = |node: usize, direct: &BTreeSet<usize>, other: usize| {
        direct.iter().any(|middle| {
            *middle != other && reaches(*middle, other) && !circle(*middle, other) && !circle(*middle, node)
        })
    };
    let kept = |(node, direct): (usize, &BTreeSet<usize>)| {
        direct.iter().copied().filter(|other| !follows(node, direct, *other)).collect()
    };
    needs.iter().enumerate().map(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(needs: &[&[usize]], expected: &[&[usize]]) {
        let sets = |rows: &[&[usize]]| -> Needs { rows.iter().map(|row| row.iter().copied().collect()).collect() };
        assert_eq!(reduce(&sets(needs)), sets(expected));
    }

    #[test]
    fn what_follows_is_left_out() {
        check(&[&[], &[0], &[0, 1]], &[&[], &[0], &[1]]);
        check(&[&[], &[0], &[0], &[0, 1, 2]], &[&[], &[0], &[0], &[1, 2]]);
        check(&[&[], &[0], &[1], &[0, 1, 2]], &[&[], &[0], &[1], &[2]]);
        check(&[], &[]);
    }

    #[test]
    fn circles_stay() {
        check(&[&[1], &[0]], &[&[1], &[0]]);
        check(&[&[0]], &[&[0]]);
        check(&[&[1], &[2], &[0], &[0, 1]], &[&[1], &[2], &[0], &[0, 1]]);
        check(&[&[1], &[0, 2], &[]], &[&[1], &[0, 2], &[]]);
    }
}
