//! Conversations held with the stand-in.

use std::io;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use aktus_sandbox::conversation::{Conversation, Request, Response, Transport, exchange};
use aktus_sandbox::kubernetes::Server;
use aktus_sandbox::{Clock, Options};

/// Holds every conversation of a folder with a stand-in of its own.
pub(crate) async fn check(folder: &str, least: usize, controllers: bool) {
    let mut differences = Vec::new();
    let conversations = load(folder);
    assert!(conversations.len() >= least, "only {} conversations", conversations.len());
    for (name, conversation) in conversations {
        let clock = Clock::fixed("2026-01-01T00:00:00Z".parse().unwrap());
        let options = Options { controllers, ..Options::new(clock) };
        let server = Server::start(&options).await.unwrap();
        let mut way = Plain(server.url().trim_start_matches("http://").to_owned());
        let held = tokio::task::spawn_blocking(move || conversation.hold(&name, &mut way)).await.unwrap().unwrap();
        differences.extend(held.differences);
        differences.extend(held.broken);
    }
    let count = differences.len();
    assert!(differences.is_empty(), "{count} differences:\n{}", differences.join("\n"));
}

/// The conversations of a folder, by name; each file is written as the recorder writes it.
fn load(folder: &str) -> Vec<(String, Conversation)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&file).unwrap();
            let conversation = Conversation::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            assert!(conversation.to_text() == text, "{name} is not written as `cargo xtask record api` writes it");
            (name, conversation)
        })
        .collect()
}

/// Without TLS, on a connection for each request.
struct Plain(String);

impl Transport for Plain {
    fn send(&mut self, request: &Request<'_>) -> io::Result<Response> {
        let mut stream = TcpStream::connect(&self.0)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        exchange(&mut stream, &self.0, &[], request)
    }

    fn again(&mut self, attempts: u32) -> bool {
        std::thread::sleep(Duration::from_millis(20));
        attempts < 1000
    }
}
