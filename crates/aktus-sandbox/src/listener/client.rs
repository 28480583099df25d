//! How do the tests of a stand-in see the bytes it sends? A client that sends one request per
//! connection and keeps the answer even when it breaks off.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status, or 0 when the connection closed without one.
    pub(crate) status: u16,
    /// The headers, names in lower case, in the order sent.
    pub(crate) headers: Vec<(String, String)>,
    /// The body as far as it came; the framing of a chunked body is kept.
    pub(crate) body: Vec<u8>,
    /// Whether the server stopped sending without closing the connection.
    pub(crate) stalled: bool,
}

impl Answer {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends one request and reads until the connection closes or nothing comes for 300 ms.
pub(crate) async fn send(host: &str, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut text = format!("{method} {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in headers {
        text.extend([name, ": ", value, "\r\n"]);
    }
    text.extend(["content-length: ", &body.len().to_string(), "\r\n\r\n", body]);
    let host = host.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(host).expect("the server listens");
        stream.set_read_timeout(Some(Duration::from_millis(300))).expect("a timeout can be set");
        stream.write_all(text.as_bytes()).expect("the request is sent");
        let mut bytes = Vec::new();
        let stalled = matches!(
            stream.read_to_end(&mut bytes),
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
        );
        (bytes, stalled)
    });
    let (bytes, stalled) = read.await.expect("the client does not panic");
    parse(&bytes, stalled)
}

fn parse(bytes: &[u8], stalled: bool) -> Answer {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let (head, body) = end.map_or((bytes, &[][..]), |end| (&bytes[..end], &bytes[end + 4..]));
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    Answer { status: status.unwrap_or(0), headers, body: body.to_vec(), stalled }
}
