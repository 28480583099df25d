//! The resources as a picture: cards by chapter, and arrows from what is created first to what needs it.
//!
//! [`Picture::of`] decides what is drawn; [`Picture::to_mermaid`], [`Picture::to_dot`] and [`Picture::to_svg`] only
//! write it down, the same input always as the same bytes. Names may be hostile: each format escapes them.

mod attach;
mod cards;
mod dot;
mod layout;
mod mermaid;
mod reduce;
mod svg;
mod text;

use indexmap::IndexMap;

use crate::eval::ResourceGraph;
use crate::model::LogicalId;

/// How much a picture shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Small resources, such as routes and policies, are lines on the card of what they belong to, and resources
    /// that only differ in their name share a card.
    #[default]
    Overview,
    /// Every resource is a card of its own.
    Everything,
}

/// Which chapter a resource belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chapters(IndexMap<LogicalId, String>);

impl Chapters {
    /// The chapters of the platform's own template.
    pub fn platform() -> Self {
        let chapters = crate::stack::chapters();
        let named = chapters.into_iter().flat_map(|(chapter, ids)| ids.into_iter().map(move |id| (id, chapter)));
        Self(named.map(|(id, chapter)| (id, chapter.to_owned())).collect())
    }

    /// One chapter per service: the second word of the type, such as `EC2`.
    pub fn by_service() -> Self {
        Self::default()
    }

    /// The chapter of a resource, by logical id or else by the service of its type.
    pub fn chapter_of(&self, id: &str, kind: &str) -> String {
        if let Some(chapter) = self.0.get(id) {
            return chapter.clone();
        }
        let mut words = kind.split("::");
        match (words.next(), words.next()) {
            (Some("AWS"), Some(service)) => service.to_owned(),
            (Some(first), _) => first.to_owned(),
            (None, _) => String::new(),
        }
    }

    /// The chapters' names in the order of the template.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.0.values() {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }
}

/// What is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// What the picture is called.
    pub title: String,
    /// How many resources the cards stand for.
    pub resources: usize,
    /// Chapters and their cards, in order of creation.
    pub chapters: Vec<Chapter>,
    /// Pairs of cards by [`Card::number`]: what is created first, what needs it. Arrows that follow from others are
    /// left out.
    pub arrows: Vec<(usize, usize)>,
}

/// One chapter of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    /// Its name.
    pub name: String,
    /// Its place among all chapters of the template, drawn or not: its colour, the same in every picture.
    pub place: usize,
    /// Its cards.
    pub cards: Vec<Card>,
}

/// One card: a resource, or several that only differ in their name, with the small ones that belong to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its number, from 0, for [`Picture::arrows`].
    pub number: usize,
    /// The logical ids it is about, at least one.
    pub ids: Vec<String>,
    /// Their type, such as `AWS::EKS::Cluster`.
    pub kind: String,
    /// The small resources: logical id and type.
    pub small: Vec<(String, String)>,
}

impl Picture {
    /// Decides what a picture of these resources shows.
    pub fn of(graph: &ResourceGraph, chapters: &Chapters, detail: Detail, title: &str) -> Self {
        cards::arrange(graph, chapters, detail, title)
    }

    /// All cards, by number.
    fn cards(&self) -> Vec<&Card> {
        let mut cards: Vec<_> = self.chapters.iter().flat_map(|chapter| &chapter.cards).collect();
        cards.sort_by_key(|card| card.number);
        cards
    }
}

/// A type in fewer words: `EKS Cluster`.
pub fn short_kind(kind: &str) -> String {
    kind.strip_prefix("AWS::").unwrap_or(kind).replace("::", " ")
}
