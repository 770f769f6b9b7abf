//! A client of HTTP/1.1 that costs next to nothing: it shares two cores with the server that it measures.
//! One connection, one request at a time, bodies by length or in chunks; only what our own servers answer.

use std::net::SocketAddr;

use anyhow::{Context as _, bail, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    /// What was received and not read yet.
    received: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// `content-encoding`; empty where there is none.
    pub(crate) encoding: String,
    /// As it was sent, without the framing of chunks.
    pub(crate) body: Vec<u8>,
}

struct Head {
    status: u16,
    encoding: String,
    /// None: in chunks.
    length: Option<usize>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("nobody at {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a whole request and reads the whole answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        self.stream.write_all(request).await?;
        let head = self.head().await?;
        let body = match head.length {
            Some(length) => self.take(length).await?,
            None => self.chunks().await?,
        };
        Ok(Answer { status: head.status, encoding: head.encoding, body })
    }

    async fn head(&mut self) -> anyhow::Result<Head> {
        let end = self.find(b"\r\n\r\n").await?;
        let text = std::str::from_utf8(&self.received[..end])?;
        let mut lines = text.split("\r\n");
        let status =
            lines.next().and_then(|line| line.split(' ').nth(1)).context("no status line")?.parse()?;
        let mut head = Head { status, encoding: String::new(), length: Some(0) };
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                head.length = Some(value.parse()?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                ensure!(value.eq_ignore_ascii_case("chunked"), "transfer-encoding {value}");
                head.length = None;
            } else if name.eq_ignore_ascii_case("content-encoding") {
                head.encoding = value.to_owned();
            }
        }
        self.received.drain(..end + 4);
        Ok(head)
    }

    async fn chunks(&mut self) -> anyhow::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let end = self.find(b"\r\n").await?;
            let line = std::str::from_utf8(&self.received[..end])?;
            let size = usize::from_str_radix(line.split(';').next().unwrap_or(line).trim(), 16)
                .with_context(|| format!("`{line}` is no chunk's size"))?;
            self.received.drain(..end + 2);
            body.extend(self.take(size).await?);
            ensure!(self.take(2).await? == b"\r\n", "a chunk does not end where it should");
            if size == 0 {
                return Ok(body);
            }
        }
    }

    /// Where these bytes begin in what was received; waits for them.
    async fn find(&mut self, wanted: &[u8]) -> anyhow::Result<usize> {
        let mut from = 0;
        loop {
            let rest = &self.received[from..];
            if let Some(found) = rest.windows(wanted.len()).position(|window| window == wanted) {
                return Ok(from + found);
            }
            from = self.received.len().saturating_sub(wanted.len() - 1);
            self.receive().await?;
        }
    }

    async fn take(&mut self, length: usize) -> anyhow::Result<Vec<u8>> {
        while self.received.len() < length {
            self.receive().await?;
        }
        Ok(self.received.drain(..length).collect())
    }

    async fn receive(&mut self) -> anyhow::Result<()> {
        if self.stream.read_buf(&mut self.received).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}
