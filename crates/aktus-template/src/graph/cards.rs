//! From resources to cards: small ones join what they belong to, those that only differ in their name share a card.

use std::collections::BTreeSet;

use super::attach::hosts;
use super::reduce::{Needs, is_on_circle, reduce};
use super::{Card, Chapter, Chapters, Detail, Picture};
use crate::eval::ResourceGraph;

/// A resource on its way to a card.
struct Node<'g> {
    id: &'g str,
    kind: &'g str,
    chapter: String,
}

pub(super) fn arrange(graph: &ResourceGraph, chapters: &Chapters, detail: Detail, title: &str) -> Picture {
    let named = graph.resources.iter().map(|(id, resource)| (id.as_str(), resource.kind.as_str()));
    let nodes: Vec<Node<'_>> =
        named.map(|(id, kind)| Node { id, kind, chapter: chapters.chapter_of(id, kind) }).collect();
    let needs: Needs = graph
        .resources
        .values()
        .map(|resource| resource.needs.iter().filter_map(|other| graph.resources.get_index_of(other)).collect())
        .collect();
    // For each resource the one whose card it is on.
    let mut heads: Vec<usize> = (0..nodes.len()).collect();
    let mut small = BTreeSet::new();
    if detail == Detail::Overview {
        attach(&nodes, &needs, &mut heads, &mut small);
        pair(&nodes, &needs, &mut heads, &small);
    }
    write(&nodes, &needs, &heads, &small, chapters, title)
}

/// Puts small resources on the card of a neighbour in the same chapter, unless cards would then need each other.
fn attach(nodes: &[Node<'_>], needs: &Needs, heads: &mut [usize], small: &mut BTreeSet<usize>) {
    for (number, node) in nodes.iter().enumerate() {
        let needed = needs.get(number).into_iter().flatten().copied();
        let needing = (0..nodes.len()).filter(|other| needs.get(*other).is_some_and(|set| set.contains(&number)));
        let near: Vec<usize> = needed.chain(needing).collect();
        let host = hosts(node.kind).iter().find_map(|kind| {
            let fits = |other: &Node<'_>| other.kind == *kind && other.chapter == node.chapter;
            near.iter().copied().find(|other| nodes.get(*other).is_some_and(fits))
        });
        let Some(host) = host.and_then(|host| heads.get(host).copied()).filter(|host| *host != number) else {
            continue;
        };
        let mut tried = heads.to_vec();
        for head in &mut tried {
            if *head == number {
                *head = host;
            }
        }
        let contracted = contract(needs, &tried);
        if !is_on_circle(&contracted, host) {
            heads.copy_from_slice(&tried);
            small.insert(number);
        }
    }
}

/// Puts resources of one type that need the same and are needed by the same on one card.
fn pair(nodes: &[Node<'_>], needs: &Needs, heads: &mut [usize], small: &BTreeSet<usize>) {
    let contracted = contract(needs, heads);
    let needing = |card: usize| -> BTreeSet<usize> {
        contracted.iter().enumerate().filter(|(_, set)| set.contains(&card)).map(|(other, _)| other).collect()
    };
    let cards: Vec<usize> = (0..nodes.len()).filter(|number| heads.get(*number) == Some(number)).collect();
    let mut first: Vec<(usize, &Node<'_>, BTreeSet<usize>)> = Vec::new();
    for card in cards {
        let Some(node) = nodes.get(card).filter(|_| !small.contains(&card)) else { continue };
        let around = needing(card);
        let twin = first.iter().find(|(other, twin, needing)| {
            twin.kind == node.kind
                && twin.chapter == node.chapter
                && contracted.get(*other) == contracted.get(card)
                && *needing == around
        });
        match twin.map(|(other, _, _)| *other) {
            Some(other) => heads.iter_mut().filter(|head| **head == card).for_each(|head| *head = other),
            None => first.push((card, node, around)),
        }
    }
}

/// What cards need of each other, by the number of their first resource.
fn contract(needs: &Needs, heads: &[usize]) -> Needs {
    let mut cards: Needs = vec![BTreeSet::new(); needs.len()];
    for (number, direct) in needs.iter().enumerate() {
        let Some(head) = heads.get(number).copied() else { continue };
        let others = direct.iter().filter_map(|other| heads.get(*other).copied()).filter(|other| *other != head);
        if let Some(set) = cards.get_mut(head) {
            set.extend(others);
        }
    }
    cards
}

fn write(
    nodes: &[Node<'_>],
    needs: &Needs,
    heads: &[usize],
    small: &BTreeSet<usize>,
    order: &Chapters,
    title: &str,
) -> Picture {
    let chapter = |(place, name): (usize, &str)| Chapter { name: name.to_owned(), place, cards: Vec::new() };
    let mut chapters: Vec<Chapter> = order.names().into_iter().enumerate().map(chapter).collect();
    let mut numbers: Vec<Option<usize>> = vec![None; nodes.len()];
    let own = nodes.iter().enumerate().filter(|(number, _)| heads.get(*number) == Some(number));
    for (count, (head, node)) in own.enumerate() {
        let on_card = |(number, _): &(usize, &Node<'_>)| heads.get(*number) == Some(&head);
        let (little, big): (Vec<_>, Vec<_>) =
            nodes.iter().enumerate().filter(on_card).partition(|(number, _)| small.contains(number));
        let card = Card {
            number: count,
            ids: big.iter().map(|(_, node)| node.id.to_owned()).collect(),
            kind: node.kind.to_owned(),
            small: little.iter().map(|(_, node)| (node.id.to_owned(), node.kind.to_owned())).collect(),
        };
        if let Some(number) = numbers.get_mut(head) {
            *number = Some(count);
        }
        let place = chapters.len();
        match chapters.iter_mut().find(|chapter| chapter.name == node.chapter) {
            Some(chapter) => chapter.cards.push(card),
            None => chapters.push(Chapter { name: node.chapter.clone(), place, cards: vec![card] }),
        }
    }
    chapters.retain(|chapter| !chapter.cards.is_empty());
    let reduced = reduce(&contract(needs, heads));
    let number = |head: usize| numbers.get(head).copied().flatten();
    let pairs =
        reduced.iter().enumerate().flat_map(|(after, before)| before.iter().map(move |before| (*before, after)));
    let mut arrows: Vec<_> = pairs.filter_map(|(before, after)| number(before).zip(number(after))).collect();
    arrows.sort_unstable();
    Picture { title: title.to_owned(), resources: nodes.len(), chapters, arrows }
}
