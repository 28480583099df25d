//! Where cards, chapters and arrows lie. The layers, the order in them and the ways of the arrows are dagre's.

use dagre::graph::{Graph, GraphOptions};
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, RankDir};

use super::text::width;
use super::{Card, Picture, short_kind};

/// Sizes of text, in pixels.
pub(super) const TITLE: f64 = 13.0;
pub(super) const SMALL: f64 = 11.0;
/// Heights of lines.
pub(super) const TITLE_LINE: f64 = 17.0;
pub(super) const SMALL_LINE: f64 = 15.0;
/// Space inside a card.
pub(super) const INSIDE: f64 = 11.0;
/// The most text on a card is that wide.
pub(super) const TEXT: f64 = 232.0;

/// Space around everything.
pub(super) const MARGIN: f64 = 24.0;
/// Height of the heading.
pub(super) const HEADING: f64 = 62.0;
/// What a chapter's frame is taller than dagre's, for its name.
const NAME: f64 = 11.0;
/// A heading needs at least that.
const LEAST_WIDTH: f64 = 620.0;

/// A rectangle by its upper left corner.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Frame {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A picture with places.
pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    /// By chapter.
    pub(super) chapters: Vec<Frame>,
    /// By card number.
    pub(super) cards: Vec<Frame>,
    /// By arrow: the points it passes.
    pub(super) arrows: Vec<Vec<(f64, f64)>>,
}

/// The lines on a card: its names, its type, its small resources.
pub(super) fn lines(card: &Card) -> (Vec<String>, String, Vec<String>) {
    let kind = match card.ids.len() {
        1 => short_kind(&card.kind),
        count => format!("{count} × {}", short_kind(&card.kind)),
    };
    (card.ids.clone(), kind, card.small.iter().map(|(id, _)| format!("+ {id}")).collect())
}

fn size(card: &Card) -> (f64, f64) {
    let (titles, kind, small) = lines(card);
    let widths = titles.iter().map(|line| width(line, TITLE, true));
    let small_widths = small.iter().chain([&kind]).map(|line| width(line, SMALL, false));
    let widest = widths.chain(small_widths).fold(0.0, f64::max).min(TEXT);
    #[expect(clippy::cast_precision_loss, reason = "few lines")]
    let height = titles.len() as f64 * TITLE_LINE + (small.len() + 1) as f64 * SMALL_LINE;
    (widest + 2.0 * INSIDE, height + 2.0 * INSIDE)
}

pub(super) fn place(picture: &Picture) -> Layout {
    let mut graph: Graph<NodeLabel, EdgeLabel> =
        Graph::with_options(GraphOptions { directed: true, multigraph: false, compound: true });
    let cards = picture.cards();
    for card in &cards {
        let (width, height) = size(card);
        let label = NodeLabel { width, height, ..NodeLabel::default() };
        graph.set_node(name(card.number), Some(label));
    }
    for (number, chapter) in picture.chapters.iter().enumerate() {
        graph.set_node(format!("s{number}"), Some(NodeLabel::default()));
        for card in &chapter.cards {
            graph.set_parent(&name(card.number), Some(&format!("s{number}")));
        }
    }
    for (before, after) in &picture.arrows {
        graph.set_edge(name(*before), name(*after), Some(EdgeLabel::default()), None);
    }
    let options =
        LayoutOptions { rankdir: RankDir::TB, nodesep: 22.0, edgesep: 14.0, ranksep: 36.0, ..LayoutOptions::default() };
    dagre::layout(&mut graph, Some(options));
    let frame = |id: String| {
        graph.node(&id).map_or_else(Frame::default, |label| Frame {
            x: label.x.unwrap_or(0.0) - label.width / 2.0,
            y: label.y.unwrap_or(0.0) - label.height / 2.0,
            width: label.width,
            height: label.height,
        })
    };
    let points = |(before, after): &(usize, usize)| -> Vec<(f64, f64)> {
        let edge = graph.edge(&name(*before), &name(*after), None);
        edge.map(|edge| edge.points.iter().map(|point| (point.x, point.y)).collect()).unwrap_or_default()
    };
    let mut layout = Layout {
        width: 0.0,
        height: 0.0,
        chapters: (0..picture.chapters.len()).map(|number| frame(format!("s{number}"))).collect(),
        cards: cards.iter().map(|card| frame(name(card.number))).collect(),
        arrows: picture.arrows.iter().map(points).collect(),
    };
    for chapter in &mut layout.chapters {
        chapter.y -= NAME;
        chapter.height += NAME;
    }
    layout.settle();
    layout
}

impl Layout {
    /// Moves everything below the heading, in the middle when that is wider.
    fn settle(&mut self) {
        let left = self.chapters.iter().map(|frame| frame.x).fold(f64::INFINITY, f64::min).min(1e6);
        let top = self.chapters.iter().map(|frame| frame.y).fold(f64::INFINITY, f64::min).min(1e6);
        let right = self.chapters.iter().map(|frame| frame.x + frame.width).fold(left, f64::max);
        let bottom = self.chapters.iter().map(|frame| frame.y + frame.height).fold(top, f64::max);
        self.width = (right - left).max(LEAST_WIDTH) + 2.0 * MARGIN;
        self.height = bottom - top + HEADING + 2.0 * MARGIN;
        let (across, down) = ((self.width - (right - left)) / 2.0 - left, MARGIN + HEADING - top);
        for frame in self.chapters.iter_mut().chain(&mut self.cards) {
            frame.x += across;
            frame.y += down;
        }
        for point in self.arrows.iter_mut().flatten() {
            point.0 += across;
            point.1 += down;
        }
    }
}

fn name(card: usize) -> String {
    format!("c{card}")
}
