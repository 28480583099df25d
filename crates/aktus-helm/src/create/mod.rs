//! What does a new chart look like? A starter with the layout of `helm create`.

use crate::chart::File;

/// The longest name of a new chart, as in Helm.
const LONGEST_NAME: usize = 250;

/// A name that no new chart gets. The texts are Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// It is empty, or holds something else than letters, digits, dots, dashes and underscores.
    #[error("chart name must match the regular expression {:?}", "^[a-zA-Z0-9._-]+$")]
    Letters,
    /// It is too long.
    #[error("chart name must be less than {LONGEST_NAME} characters")]
    Long,
    /// It is a path.
    #[error("chart name {name:?} is not allowed")]
    Path {
        /// The name.
        name: String,
    },
}

/// Where in a starter the chart's name belongs.
const PLACEHOLDER: &str = "<CHART>";

/// The files of the starter, in the order in which they are written.
const STARTER: [(&str, &str); 12] = [
    ("Chart.yaml", include_str!("starter/Chart.yaml")),
    ("values.yaml", include_str!("starter/values.yaml")),
    (".helmignore", include_str!("starter/helmignore")),
    ("templates/ingress.yaml", include_str!("starter/templates/ingress.yaml")),
    ("templates/httproute.yaml", include_str!("starter/templates/httproute.yaml")),
    ("templates/deployment.yaml", include_str!("starter/templates/deployment.yaml")),
    ("templates/service.yaml", include_str!("starter/templates/service.yaml")),
    ("templates/serviceaccount.yaml", include_str!("starter/templates/serviceaccount.yaml")),
    ("templates/hpa.yaml", include_str!("starter/templates/hpa.yaml")),
    ("templates/NOTES.txt", include_str!("starter/templates/NOTES.txt")),
    ("templates/_helpers.tpl", include_str!("starter/templates/_helpers.tpl")),
    ("templates/tests/test-connection.yaml", include_str!("starter/templates/tests/test-connection.yaml")),
];

/// The files of a new chart: one Deployment with a Service, and, switched off, an Ingress, an `HTTPRoute` and an
/// autoscaler.
///
/// ```
/// use aktus_helm::create::create;
/// use aktus_helm::{Chart, LoadOptions};
///
/// let files = create("web")?;
/// let chart = Chart::from_files(files.iter().map(|file| (file.name(), file.data())), &LoadOptions::default())?;
/// assert_eq!(chart.name(), "web");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn create(name: &str) -> Result<Vec<File>, NameError> {
    if name.len() > LONGEST_NAME {
        return Err(NameError::Long);
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if name.is_empty() || !name.bytes().all(allowed) {
        return Err(NameError::Letters);
    }
    if name == "." || name == ".." {
        return Err(NameError::Path { name: name.to_owned() });
    }
    let file = |(path, text): (&str, &str)| File::new(path, text.replace(PLACEHOLDER, name).into_bytes());
    Ok(STARTER.into_iter().map(file).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(create("my-chart_1.0").is_ok());
        assert_eq!(create("").err(), Some(NameError::Letters));
        assert_eq!(create("a/b").err(), Some(NameError::Letters));
        assert_eq!(create("..").err(), Some(NameError::Path { name: "..".into() }));
        assert_eq!(create(&"a".repeat(251)).err(), Some(NameError::Long));
    }
}
