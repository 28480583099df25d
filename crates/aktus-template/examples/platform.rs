//! Prints the platform's template: `cargo run -p aktus-template --example platform > platform.yaml`.

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(aktus_template::platform().to_yaml().as_bytes())
}
