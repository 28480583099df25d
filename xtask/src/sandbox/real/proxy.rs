//! The way out of the sandbox, which leads nowhere but to its own registry.
//!
//! Programs are told of it by `HTTPS_PROXY`. A host name of Amazon ECR leads to the registry; every other host is
//! refused and remembered, so that a run can show that it asked nobody outside.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The longest request head that is read, in bytes.
const HEAD_LIMIT: usize = 8 * 1024;

pub(super) struct Proxy {
    pub(super) url: String,
    refused: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Leads `host` to `port` of this machine.
    pub(super) async fn start(host: &str, port: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let wanted = format!("CONNECT {host}:443 HTTP/1.1");
        let refused = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&refused);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (wanted, log) = (wanted.clone(), Arc::clone(&log));
                tokio::spawn(async move {
                    if let Ok(Some(line)) = lead(client, &wanted, port).await {
                        log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                    }
                });
            }
        });
        Ok(Self { url, refused, task })
    }

    /// What else was asked for.
    pub(super) fn refused(&self) -> Vec<String> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves one client; answers the request if it was refused.
async fn lead(mut client: TcpStream, wanted: &str, port: u16) -> Result<Option<String>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD_LIMIT {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let line = head.lines().next().unwrap_or_default();
    if line != wanted {
        client.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await?;
        return Ok(Some(line.to_owned()));
    }
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    // Either side hangs up when it has what it wants.
    drop(copy_bidirectional(&mut client, &mut server).await);
    Ok(None)
}
