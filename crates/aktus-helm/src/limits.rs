//! How much is too much? One table for everything a chart can ask for.

/// Bounds on what is read from a chart, on what users pass with it, and on what it may render.
///
/// Helm has the ones marked so; the others close doors that Helm leaves open.
/// Everything that hits a bound is refused with an error that names the bound.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a packed chart.
    pub compressed_bytes: u64,
    /// Bytes of the whole decompressed stream, tar headers and padding included, over a chart and all
    /// archives inside it. Helm's `MaxDecompressedChartSize`, which counts contents only.
    pub decompressed_bytes: u64,
    /// Bytes of one file. Helm's `MaxDecompressedFileSize`.
    pub file_bytes: u64,
    /// Bytes of one extension header (GNU `L` and `K`, PAX `x` and `g`), as Go's `archive/tar`.
    pub header_bytes: u64,
    /// Entries of all kinds, over a chart and all archives inside it.
    pub entries: usize,
    /// Bytes of a file's path inside the chart.
    pub path_bytes: usize,
    /// Elements of a file's path inside the chart.
    pub path_components: usize,
    /// Members of a gzip stream.
    pub gzip_members: usize,
    /// Archives inside archives.
    pub archive_depth: usize,
    /// Bytes of a `values.schema.json`.
    pub schema_bytes: usize,
    /// `$ref`s in a `values.schema.json`.
    pub schema_references: usize,
    /// Largest index in a `--set` key. Helm's `MaxIndex`.
    pub set_index: usize,
    /// Dots in a `--set` key. Helm's `MaxNestedNameLevel`.
    pub set_nesting: usize,
    /// Indices in a row in a `--set` key (`a[0][0]`).
    pub set_index_nesting: usize,
    /// Bounds on every YAML and JSON text read.
    pub yaml: aktus_yaml::Limits,
    /// Bounds on running the templates.
    pub template: aktus_gotmpl::Limits,
}

const MIB: u64 = 1024 * 1024;

impl Default for Limits {
    fn default() -> Self {
        Self {
            compressed_bytes: 20 * MIB,
            decompressed_bytes: 100 * MIB,
            file_bytes: 5 * MIB,
            header_bytes: MIB,
            entries: 10_000,
            path_bytes: 1024,
            path_components: 64,
            gzip_members: 64,
            archive_depth: 10,
            schema_bytes: 1024 * 1024,
            schema_references: 10_000,
            set_index: 65_536,
            set_nesting: 30,
            set_index_nesting: 16,
            yaml: aktus_yaml::Limits::default(),
            template: aktus_gotmpl::Limits::default(),
        }
    }
}
