//! A picture as SVG: self-contained, for light and dark, with a description for those who do not see it.

use std::fmt::Write as _;

use super::layout::{HEADING, INSIDE, Layout, MARGIN, SMALL, SMALL_LINE, TEXT, TITLE, TITLE_LINE, lines, place};
use super::text::{fit, xml};
use super::{Picture, short_kind};

/// Colours of chapters: line and ground in light, line and ground in dark.
const COLOURS: [[&str; 4]; 8] = [
    ["#2563a8", "#eef4fb", "#7db4ee", "#16222f"],
    ["#b4530a", "#fdf3ea", "#f0a868", "#2a1e14"],
    ["#8a6100", "#fbf6e3", "#dfbf58", "#26210f"],
    ["#1c7350", "#ebf7f1", "#68c79c", "#12251c"],
    ["#6d4bb5", "#f4f0fb", "#b69cec", "#211a30"],
    ["#a8326a", "#fceff5", "#ef8fba", "#2d1722"],
    ["#4c5a6b", "#f0f3f6", "#a3b2c4", "#1c2229"],
    ["#0b7285", "#e9f6f8", "#5cc4d6", "#10252a"],
];

/// Rules for light, dark and print.
fn style() -> String {
    let mut style = String::from(
        "text{font-family:Helvetica,Arial,'Liberation Sans',sans-serif}.page{fill:#fff}.ink{fill:#16202b}\
         .soft{fill:#4a5866}.card{fill:#fff;stroke-width:1.2}.chapter{stroke-opacity:.35}.halo{paint-order:stroke;stroke-width:5}\
         .arrow{fill:none;stroke:#64748b;stroke-width:1.4}.head{fill:#64748b}",
    );
    let mut dark = String::from(
        ".page{fill:#171e26}.ink{fill:#eef2f6}.soft{fill:#b3bfcb}.card{fill:#212a34}.arrow{stroke:#8b9aab}\
         .head{fill:#8b9aab}",
    );
    for (number, [line, ground, dark_line, dark_ground]) in COLOURS.iter().enumerate() {
        let rules = |line: &str, ground: &str| {
            format!(
                ".k{number} .chapter{{fill:{ground};stroke:{line}}}.k{number} .card{{stroke:{line}}}\
                 .k{number} .name{{fill:{line}}}.k{number} .halo{{stroke:{ground}}}"
            )
        };
        style.push_str(&rules(line, ground));
        dark.push_str(&rules(dark_line, dark_ground));
    }
    format!("{style}@media screen and (prefers-color-scheme:dark){{{dark}}}")
}

impl Picture {
    /// The picture as one SVG document that needs nothing else.
    ///
    /// Letters are at least 11 pixels high in its natural size, which `width` and `height` give; `viewBox` lets it
    /// scale.
    pub fn to_svg(&self) -> String {
        let layout = place(self);
        let (width, height) = (layout.width.ceil(), layout.height.ceil());
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" aria-labelledby=\"picture-title picture-description\">\n\
             <title id=\"picture-title\">{}</title>\n<desc id=\"picture-description\">{}</desc>\n\
             <style>{}</style>\n<defs><marker id=\"head\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" \
             markerWidth=\"7\" markerHeight=\"7\" orient=\"auto-start-reverse\"><path class=\"head\" \
             d=\"M0 1 10 5 0 9z\"/></marker></defs>\n<rect class=\"page\" width=\"{width}\" height=\"{height}\"/>\n",
            xml(&self.title),
            xml(&self.to_words()),
            style(),
        );
        self.heading(&mut out, width);
        self.grounds(&mut out, &layout);
        for points in &layout.arrows {
            let _infallible =
                writeln!(out, "<path class=\"arrow\" marker-end=\"url(#head)\" d=\"{}\"/>", curve(points));
        }
        self.names(&mut out, &layout);
        self.draw_cards(&mut out, &layout);
        out.push_str("</svg>\n");
        out
    }

    fn heading(&self, out: &mut String, width: f64) {
        let cards: usize = self.chapters.iter().map(|chapter| chapter.cards.len()).sum();
        let under = match self.resources {
            0 => "No resources.".to_owned(),
            count => format!(
                "{count} resources{}. Arrows lead from what is created first to what needs it; deletion goes the \
                 other way.",
                if cards < count { format!(" on {cards} cards") } else { String::new() }
            ),
        };
        let room = width - 2.0 * MARGIN;
        let title = xml(&fit(&self.title, 20.0, true, room));
        let under = xml(&fit(&under, 12.0, false, room));
        let (first, second) = (MARGIN + 18.0, MARGIN + 40.0);
        let _infallible = writeln!(
            out,
            "<text class=\"ink\" x=\"{MARGIN}\" y=\"{first}\" font-size=\"20\" font-weight=\"700\">{title}</text>\n\
             <text class=\"soft\" x=\"{MARGIN}\" y=\"{second}\" font-size=\"12\">{under}</text>"
        );
        debug_assert!(second < MARGIN + HEADING, "the heading has room");
    }

    fn grounds(&self, out: &mut String, layout: &Layout) {
        for (chapter, frame) in self.chapters.iter().zip(&layout.chapters) {
            let _infallible = writeln!(
                out,
                "<g class=\"k{}\"><rect class=\"chapter\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" \
                 rx=\"10\"/></g>",
                chapter.place % COLOURS.len(),
                frame.x,
                frame.y,
                frame.width,
                frame.height,
            );
        }
    }

    /// The names of chapters, over the arrows, which leave room around the letters.
    fn names(&self, out: &mut String, layout: &Layout) {
        for (chapter, frame) in self.chapters.iter().zip(&layout.chapters) {
            let _infallible = writeln!(
                out,
                "<g class=\"k{}\"><text class=\"name halo\" x=\"{:.1}\" y=\"{:.1}\" font-size=\"12\" \
                 font-weight=\"700\">{}</text></g>",
                chapter.place % COLOURS.len(),
                frame.x + 10.0,
                frame.y + 17.0,
                xml(&fit(&chapter.name, 12.0, true, frame.width - 20.0)),
            );
        }
    }

    fn draw_cards(&self, out: &mut String, layout: &Layout) {
        for chapter in &self.chapters {
            let _infallible = writeln!(out, "<g class=\"k{}\">", chapter.place % COLOURS.len());
            for card in &chapter.cards {
                let Some(frame) = layout.cards.get(card.number) else { continue };
                let _infallible = writeln!(
                    out,
                    "<rect class=\"card\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"7\"/>",
                    frame.x, frame.y, frame.width, frame.height
                );
                let (titles, kind, small) = lines(card);
                let mut y = frame.y + INSIDE;
                for title in titles {
                    y += TITLE_LINE;
                    line(out, ("ink", TITLE, true), (frame.x + INSIDE, y - 4.5), &title);
                }
                for (index, text) in std::iter::once(kind).chain(small).enumerate() {
                    y += SMALL_LINE;
                    let class = if index == 0 { "name" } else { "soft" };
                    line(out, (class, SMALL, false), (frame.x + INSIDE, y - 4.0), &text);
                }
            }
            out.push_str("</g>\n");
        }
    }

    /// The picture in words, for those who do not see it: chapters, their resources, what needs what.
    pub fn to_words(&self) -> String {
        let cards = self.cards();
        let name = |number: usize| cards.get(number).map_or_else(String::new, |card| card.ids.join(" and "));
        let chapter = |chapter: &super::Chapter| {
            let cards = chapter.cards.iter().map(|card| {
                let small: Vec<_> = card.small.iter().map(|(id, _)| id.as_str()).collect();
                let with = if small.is_empty() { String::new() } else { format!(" with {}", small.join(", ")) };
                format!("{} ({}){with}", card.ids.join(" and "), short_kind(&card.kind))
            });
            format!("{}: {}.", chapter.name, cards.collect::<Vec<_>>().join("; "))
        };
        let mut sentences: Vec<_> = self.chapters.iter().map(chapter).collect();
        sentences
            .extend(self.arrows.iter().map(|(before, after)| format!("{} needs {}.", name(*after), name(*before))));
        sentences.join(" ")
    }
}

fn line(out: &mut String, (class, size, bold): (&str, f64, bool), (x, y): (f64, f64), text: &str) {
    let weight = if bold { " font-weight=\"700\"" } else { "" };
    let _infallible = writeln!(
        out,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\"{weight}>{}</text>",
        xml(&fit(text, size, bold, TEXT))
    );
}

/// A smooth way near these points, from the first to the last: a uniform B-spline.
fn curve(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    let [first, .., last] = points else { return path };
    let between = |a: f64, b: f64, part: f64| a + (b - a) * part;
    let mix = |a: &(f64, f64), b: &(f64, f64), part: f64| (between(a.0, b.0, part), between(a.1, b.1, part));
    let _infallible = write!(path, "M{:.1} {:.1}", first.0, first.1);
    for window in points.windows(3) {
        let [before, here, after] = window else { continue };
        // From a third before the corner to a third after it, with the corner's pull.
        let (enter, leave) = (mix(before, here, 2.0 / 3.0), mix(here, after, 1.0 / 3.0));
        let middle = mix(&enter, &leave, 0.5);
        let start = mix(before, here, 1.0 / 3.0);
        let _infallible = write!(
            path,
            "C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
            start.0, start.1, enter.0, enter.1, middle.0, middle.1
        );
    }
    let [.., before, _] = points else { return path };
    let (start, end) = (mix(before, last, 1.0 / 3.0), mix(before, last, 2.0 / 3.0));
    let _infallible =
        write!(path, "C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}", start.0, start.1, end.0, end.1, last.0, last.1);
    path
}
