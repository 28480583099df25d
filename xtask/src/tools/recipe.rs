//! How is each tool had, and which files pin it?

use super::Tool;

/// One way to have a tool.
pub(super) enum Recipe {
    /// A program that a module in `xtask/tools` pins.
    Go { module: &'static str, package: &'static str, link: &'static [(&'static str, Value)] },
    /// kwok, with the stages of its module joined into one file.
    Kwok,
    /// A program among Go's own sources.
    GoSource(&'static str),
    /// Files of a Go module, from this folder of it.
    GoFiles { module: &'static str, dependency: &'static str, folder: &'static str },
    /// A function of a Python module in a virtual environment.
    Python { requirements: &'static str, module: &'static str, function: &'static str },
}

/// What a variable of a Go program is set to when it is linked.
pub(super) enum Value {
    /// The version with `v`.
    Version,
    /// A text.
    Text(&'static str),
}

const KUBERNETES: &[(&str, Value)] = &[
    ("k8s.io/component-base/version.gitVersion", Value::Version),
    ("k8s.io/component-base/version.gitMajor", Value::Text("1")),
    ("k8s.io/component-base/version.gitMinor", Value::Text("36")),
];

/// The files of kwok's module by which it plays nodes and pods.
pub(super) const KWOK_STAGES: [&str; 5] = [
    "kustomize/stage/node/fast/node-initialize.yaml",
    "kustomize/stage/node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "kustomize/stage/pod/fast/pod-ready.yaml",
    "kustomize/stage/pod/fast/pod-complete.yaml",
    "kustomize/stage/pod/fast/pod-delete.yaml",
];

/// The recipe of a tool.
pub(super) fn of(tool: Tool) -> Recipe {
    let kubernetes = |package| Recipe::Go { module: "kubernetes", package, link: KUBERNETES };
    match tool {
        Tool::GenerateCert => Recipe::GoSource("src/crypto/tls/generate_cert.go"),
        Tool::Etcd => Recipe::Go { module: "etcd", package: "go.etcd.io/etcd/server/v3", link: &[] },
        Tool::KubeApiserver => kubernetes("k8s.io/kubernetes/cmd/kube-apiserver"),
        Tool::KubeControllerManager => kubernetes("k8s.io/kubernetes/cmd/kube-controller-manager"),
        Tool::KubeScheduler => kubernetes("k8s.io/kubernetes/cmd/kube-scheduler"),
        Tool::Kubectl => kubernetes("k8s.io/kubernetes/cmd/kubectl"),
        Tool::Kwok => Recipe::Kwok,
        Tool::Registry => Recipe::Go {
            module: "registry",
            package: "github.com/distribution/distribution/v3/cmd/registry",
            link: &[("github.com/distribution/distribution/v3/version.version", Value::Version)],
        },
        Tool::Helm4 => Recipe::Go {
            module: "helm4",
            package: "helm.sh/helm/v4/cmd/helm",
            link: &[("helm.sh/helm/v4/internal/version.version", Value::Version)],
        },
        // Without these its `.Capabilities.KubeVersion` is v1.20.0: only its Makefile sets them.
        Tool::Helm3 => Recipe::Go {
            module: "helm3",
            package: "helm.sh/helm/v3/cmd/helm",
            link: &[
                ("helm.sh/helm/v3/internal/version.version", Value::Version),
                ("helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor", Value::Text("1")),
                ("helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor", Value::Text("36")),
                ("helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor", Value::Text("1")),
                ("helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor", Value::Text("36")),
            ],
        },
        Tool::Karpenter => {
            Recipe::GoFiles { module: "karpenter", dependency: "sigs.k8s.io/karpenter", folder: "pkg/apis/crds" }
        }
        Tool::CfnLint => Recipe::Python { requirements: "cfn-lint", module: "cfnlint.runner", function: "main" },
        Tool::Moto => Recipe::Python { requirements: "moto", module: "moto.server", function: "main" },
        Tool::Oracle => Recipe::Go {
            module: "oracle",
            package: ".",
            // As in the released program, since templates can print it.
            link: &[
                ("helm.sh/helm/v4/internal/version.version", Value::Version),
                ("helm.sh/helm/v4/internal/version.gitCommit", Value::Text("3900f434fd3ef2b84065dc04508df48f288dba00")),
                ("helm.sh/helm/v4/internal/version.gitTreeState", Value::Text("clean")),
            ],
        },
    }
}

impl Recipe {
    /// The files in `xtask/tools` that pin the sources.
    pub(super) fn pinned_by(&self) -> Vec<String> {
        match self {
            Self::Go { module, package: ".", .. } => {
                ["bench.go", "go.mod", "go.sum", "main.go"].map(|file| format!("{module}/{file}")).to_vec()
            }
            Self::Go { module, .. } | Self::GoFiles { module, .. } => {
                vec![format!("{module}/go.mod"), format!("{module}/go.sum")]
            }
            Self::Kwok => vec!["kwok/go.mod".to_owned(), "kwok/go.sum".to_owned()],
            Self::GoSource(_) => Vec::new(),
            Self::Python { requirements, .. } => {
                vec![format!("{requirements}/requirements.in"), format!("{requirements}/requirements.txt")]
            }
        }
    }

    /// The linker's flags for a version.
    pub(super) fn linker_flags(&self, version: &str) -> String {
        let mut flags = "-s -w".to_owned();
        if let Self::Go { link, .. } = self {
            for (variable, value) in *link {
                flags.extend([" -X ", variable, "="]);
                match value {
                    Value::Version => flags.extend(["v", version]),
                    Value::Text(text) => flags.push_str(text),
                }
            }
        }
        flags
    }

    /// Everything of the recipe that decides what is built, as a text for the cache's key.
    pub(super) fn describe(&self, version: &str) -> String {
        match self {
            Self::Go { package, .. } => format!("go {package} {}", self.linker_flags(version)),
            Self::Kwok => format!("kwok {}", KWOK_STAGES.join(" ")),
            Self::GoSource(file) => format!("go source {file}"),
            Self::GoFiles { dependency, folder, .. } => format!("go files {dependency} {folder}"),
            Self::Python { module, function, .. } => format!("python {module} {function}"),
        }
    }
}
