//! Lines of bytes, none longer than the reader is willing to keep.

use tokio::io::{AsyncRead, AsyncReadExt as _};

pub(super) struct Lines<R> {
    reader: R,
    most: usize,
    kept: Vec<u8>,
    /// Whether the rest of the line is thrown away, because it is too long.
    skipping: bool,
    /// How much of `kept` is known to hold no end of line.
    searched: usize,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(reader: R, most: usize) -> Self {
        Self { reader, most, kept: Vec::new(), skipping: false, searched: 0 }
    }

    /// The next line without its end; a line that is too long is left out. Nothing at the end or after an error.
    pub(super) async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(end) = self.kept[self.searched..].iter().position(|byte| *byte == b'\n') {
                let rest = self.kept.split_off(self.searched + end + 1);
                let mut line = std::mem::replace(&mut self.kept, rest);
                line.pop();
                self.searched = 0;
                if !std::mem::take(&mut self.skipping) {
                    return Some(line);
                }
                continue;
            }
            if self.kept.len() > self.most {
                self.kept.clear();
                self.skipping = true;
            }
            self.searched = self.kept.len();
            let mut buffer = [0; 8_192];
            match self.reader.read(&mut buffer).await {
                Ok(read) if read > 0 => self.kept.extend_from_slice(&buffer[..read]),
                _ => {
                    let last = std::mem::take(&mut self.kept);
                    self.searched = 0;
                    return Some(last).filter(|last| !last.is_empty() && !std::mem::take(&mut self.skipping));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[tokio::test]
    async fn long_lines_are_left_out_and_the_last_needs_no_end() {
        let long = "x".repeat(40_000);
        let text = format!("a\n\n{long}\nb\r\n{long}\nlast");
        let mut lines = Lines::new(text.as_bytes(), 100);
        let mut found = Vec::new();
        while let Some(line) = lines.next().await {
            found.push(String::from_utf8(line).unwrap());
        }
        assert_eq!(found, ["a", "", "b\r", "last"]);
        let mut lines = Lines::new(long.as_bytes(), 100);
        assert_eq!(lines.next().await, None);
    }
}
