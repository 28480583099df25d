//! Holds the conversations of folders with a real API server, writes the answers into their files
//! or, with `--check`, says where they differ. `cargo xtask record api` starts the server and this.
//!
//! `record-api --server HOST:PORT --ca FILE --token TOKEN [--check] FOLDER…`
#![expect(clippy::print_stderr, reason = "a program talks to the person who started it")]

use std::error::Error;
use std::fs;
use std::io;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use aktus_sandbox::conversation::{Conversation, Request, Response, Transport, exchange};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// What the command line says.
#[derive(Default)]
struct Arguments {
    server: String,
    ca: PathBuf,
    token: String,
    check: bool,
    folders: Vec<PathBuf>,
}

impl Arguments {
    fn read() -> Result<Self, Box<dyn Error>> {
        let mut read = Self::default();
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--server" => read.server = value()?,
                "--ca" => read.ca = value()?.into(),
                "--token" => read.token = value()?,
                "--check" => read.check = true,
                _ if word.starts_with('-') => return Err(format!("there is no {word}").into()),
                _ => read.folders.push(word.into()),
            }
        }
        if read.server.is_empty() || read.token.is_empty() || read.folders.is_empty() {
            return Err("--server, --ca, --token and a folder are needed".into());
        }
        Ok(read)
    }
}

/// TLS with a token, on a connection for each request.
struct Secure {
    server: String,
    host: ServerName<'static>,
    authorization: String,
    config: Arc<ClientConfig>,
}

impl Secure {
    fn new(arguments: &Arguments) -> Result<Self, Box<dyn Error>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&arguments.ca)?)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let host = arguments.server.rsplit_once(':').ok_or("--server is not HOST:PORT")?.0;
        Ok(Self {
            server: arguments.server.clone(),
            host: ServerName::try_from(host)?.to_owned(),
            authorization: format!("Bearer {}", arguments.token),
            config: Arc::new(config.with_root_certificates(roots).with_no_client_auth()),
        })
    }
}

impl Secure {
    /// Asks until the server says that it is ready.
    fn wait_until_ready(&mut self) -> Result<(), Box<dyn Error>> {
        let ready = Request { method: "GET", target: "/readyz", headers: Vec::new(), body: "" };
        let mut attempts = 0;
        loop {
            let answer = self.send(&ready);
            if answer.as_ref().is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            attempts += 1;
            if !self.again(attempts) {
                return Err(format!("the API server does not become ready: {answer:?}").into());
            }
        }
    }
}

impl Transport for Secure {
    fn send(&mut self, request: &Request<'_>) -> io::Result<Response> {
        let connection =
            ClientConnection::new(Arc::clone(&self.config), self.host.clone()).map_err(io::Error::other)?;
        let socket = TcpStream::connect(&self.server)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(Duration::from_secs(30)))?;
        let mut stream = StreamOwned::new(connection, socket);
        exchange(&mut stream, &self.server, &[("authorization", &self.authorization)], request)
    }

    fn again(&mut self, attempts: u32) -> bool {
        std::thread::sleep(Duration::from_millis(100));
        attempts < 300
    }
}

fn main() -> ExitCode {
    match Arguments::read().and_then(|arguments| run(&arguments)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Holds every conversation; false when one went wrong or, with `--check`, differs.
fn run(arguments: &Arguments) -> Result<bool, Box<dyn Error>> {
    let mut way = Secure::new(arguments)?;
    way.wait_until_ready()?;
    let (mut count, mut requests, mut changed, mut broken) = (0, 0, 0, 0);
    for file in files(&arguments.folders)? {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&file)?;
        let conversation = Conversation::parse(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        let held = conversation.hold(&name, &mut way)?;
        count += 1;
        requests += held.conversation.requests();
        for line in &held.broken {
            broken += 1;
            eprintln!("broken: {line}");
        }
        if arguments.check {
            changed += usize::from(!held.differences.is_empty());
            for line in &held.differences {
                eprintln!("differs: {line}");
            }
            continue;
        }
        let new = held.conversation.to_text();
        if new != text {
            changed += 1;
            fs::write(&file, new)?;
        }
    }
    let verb = if arguments.check { "differ from their recordings" } else { "were written again" };
    eprintln!(
        "{count} conversations of {requests} requests held with a real API server: {changed} {verb}, {broken} demands broken"
    );
    Ok(broken == 0 && !(arguments.check && changed > 0))
}

/// The conversations of folders, in order.
fn files(folders: &[PathBuf]) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in folders {
        let mut found =
            fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
        found.retain(|file| file.extension() == Some(Path::new("json").as_os_str()));
        found.sort();
        files.extend(found);
    }
    Ok(files)
}
