//! One request and its answer over a stream: HTTP/1.1, a connection each, nothing hidden by a client.

use std::io::{self, ErrorKind, Read, Write};

use super::{Request, Response};

/// Sends a request over a fresh stream and reads to its end. `headers` are those that the way needs,
/// such as `authorization`.
pub fn exchange(
    stream: &mut (impl Read + Write),
    host: &str,
    headers: &[(&str, &str)],
    request: &Request<'_>,
) -> io::Result<Response> {
    let mut head = format!("{} {} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n", request.method, request.target);
    for (name, value) in headers.iter().chain(&request.headers) {
        head.extend([name, ": ", value, "\r\n"]);
    }
    if !request.body.is_empty() {
        head.extend(["content-length: ", &request.body.len().to_string(), "\r\n"]);
    } else if request.method != "GET" {
        head.push_str("content-length: 0\r\n");
    }
    head.extend(["\r\n", request.body]);
    stream.write_all(head.as_bytes())?;
    stream.flush()?;
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        // The server hung up without a farewell of TLS; the length shows whether all is there.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof && !bytes.is_empty() => {}
        read => {
            read?;
        }
    }
    parse(&bytes).ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "the answer is not whole"))
}

fn parse(bytes: &[u8]) -> Option<Response> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, body) = bytes.split_at(end);
    let body = body.get(4..)?;
    let head = String::from_utf8_lossy(head);
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let header = |wanted: &str| -> Vec<String> {
        let lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
        let found = lines.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.trim().to_owned()).collect()
    };
    let chunked = header("transfer-encoding").iter().any(|value| value == "chunked");
    let body = if chunked {
        unchunk(body)?
    } else if let Some(length) = header("content-length").first() {
        body.get(..length.parse().ok()?)?.to_vec()
    } else {
        body.to_vec()
    };
    Some(Response { status, body: String::from_utf8_lossy(&body).into_owned(), warnings: header("warning") })
}

fn unchunk(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let line = bytes.windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(bytes.get(..line)?).ok()?, 16).ok()?;
        if size == 0 {
            return Some(out);
        }
        let begin = line + 2;
        let end = begin.checked_add(size)?;
        out.extend_from_slice(bytes.get(begin..end)?);
        bytes = bytes.get(end + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// A stream that takes anything and answers with a text.
    struct Answer(Cursor<Vec<u8>>);

    impl Read for Answer {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Write for Answer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[track_caller]
    fn check(answer: &str, expected: Option<(u16, &str, &[&str])>) {
        let mut stream = Answer(Cursor::new(answer.as_bytes().to_vec()));
        let request = Request { method: "GET", target: "/", headers: Vec::new(), body: "" };
        let found = exchange(&mut stream, "host", &[], &request).ok();
        let found = found.as_ref().map(|found| (found.status, found.body.as_str(), found.warnings.clone()));
        let expected = expected.map(|(status, body, warnings)| {
            (status, body, warnings.iter().map(|warning| (*warning).to_owned()).collect())
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn answers_of_every_shape_are_read() {
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Some((200, "ok", &[])));
        check("HTTP/1.1 404 Not Found\r\n\r\nnothing here", Some((404, "nothing here", &[])));
        check(
            "HTTP/1.1 200 OK\r\nWarning: 299 - \"a\"\r\nwarning: 299 - \"b\"\r\n\r\n",
            Some((200, "", &["299 - \"a\"", "299 - \"b\""])),
        );
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
            Some((200, "abc", &[])),
        );
    }

    #[test]
    fn a_letter_that_two_chunks_share_is_whole_again() {
        let mut bytes =
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n\xc3\r\n1\r\n\xa9\r\n0\r\n\r\n".to_vec();
        assert_eq!(parse(&bytes).map(|found| found.body).as_deref(), Some("é"));
        bytes.truncate(bytes.len() - 8);
        assert!(parse(&bytes).is_none(), "a chunk is missing");
    }

    #[test]
    fn an_answer_that_is_cut_off_is_an_error() {
        check("", None);
        check("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", None);
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab\r\n", None);
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nab\r\n", None);
    }
}
