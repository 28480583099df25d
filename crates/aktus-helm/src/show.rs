//! What does a chart say about itself? The texts of `helm show`.

use aktus_gotmpl::{Frozen, Profile};

use crate::chart::{Chart, Metadata};
use crate::record;

/// A part of a chart that `helm show` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Chart.yaml, written anew.
    Chart,
    /// values.yaml, as it is.
    Values,
    /// README.md, README.txt or README.
    Readme,
    /// The files under `crds/`, those of sub-charts too.
    Crds,
    /// All of them.
    All,
}

impl Metadata {
    /// The Chart.yaml that Helm writes of it: fields sorted, empty ones left out.
    ///
    /// ```
    /// use aktus_helm::{Chart, LoadOptions};
    ///
    /// let files = [("Chart.yaml", "name: web\nversion: 1.0.0\napiVersion: v2\nicon: ''\nother: x")];
    /// let chart = Chart::from_files(files, &LoadOptions::default())?;
    /// assert_eq!(chart.metadata().to_yaml(), "apiVersion: v2\nname: web\nversion: 1.0.0\n");
    /// # Ok::<(), aktus_helm::LoadError>(())
    /// ```
    pub fn to_yaml(&self) -> String {
        // Nothing in it can fail to be written: texts, bools, and what was read from YAML.
        aktus_yaml::write_v2(&record::metadata(self)).unwrap_or_default()
    }
}

/// What `helm show` prints of a chart.
pub fn show(chart: &Chart, part: Part, profile: Profile) -> String {
    let mut text = String::new();
    let all = part == Part::All;
    let line = |text: &mut String, content: &[u8]| {
        text.push_str(&String::from_utf8_lossy(content));
        text.push('\n');
    };
    if all || part == Part::Chart {
        line(&mut text, chart.metadata().to_yaml().as_bytes());
    }
    if (all || part == Part::Values) && !matches!(chart.default_values(), Frozen::Nil) {
        if all {
            line(&mut text, b"---");
        }
        for file in chart.raw().iter().filter(|file| file.name() == "values.yaml") {
            line(&mut text, file.data());
        }
    }
    let is_readme =
        |name: &str| ["readme.md", "readme.txt", "readme"].iter().any(|known| name.eq_ignore_ascii_case(known));
    if (all || part == Part::Readme)
        && let Some(readme) = chart.files().iter().find(|file| is_readme(file.name()))
    {
        if all {
            line(&mut text, b"---");
        }
        line(&mut text, readme.data());
    }
    if all || part == Part::Crds {
        let mut definitions = Vec::new();
        collect(chart, &mut definitions);
        for (index, definition) in definitions.iter().enumerate() {
            let separated = definition.starts_with(b"---");
            let separator = match profile {
                Profile::Helm4 => !separated,
                // Helm 3 separates only the first from what is above.
                Profile::Helm3 => all && index == 0 && !separated,
            };
            if separator {
                line(&mut text, b"---");
            }
            line(&mut text, definition);
        }
    }
    text
}

fn collect<'a>(chart: &'a Chart, definitions: &mut Vec<&'a [u8]>) {
    definitions.extend(chart.crds().map(crate::chart::File::data));
    for below in chart.dependencies() {
        collect(below, definitions);
    }
}
