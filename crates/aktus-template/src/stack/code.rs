//! Where the bootstrap function's code lies, and which processor it is for.

/// The processor that the function runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Architecture {
    /// AWS Graviton.
    #[default]
    Arm64,
    /// Intel and AMD.
    X86_64,
}

impl Architecture {
    /// The word that Lambda uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        }
    }
}

/// The code of the bootstrap function: a zip archive in a bucket of the stack's region.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code {
    /// The default of `BootstrapCodeBucket`; without it the parameter is required.
    pub bucket: Option<String>,
    /// The default of `BootstrapCodeKey`; without it the parameter is required.
    pub key: Option<String>,
    /// What the archive's executable is built for.
    pub architecture: Architecture,
}
