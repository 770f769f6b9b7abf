//! What stands between `g` and the server, and does not always pass on what it should.

use std::{
    io::{self, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
};

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Answered,
    /// The server does it, and its answer is lost.
    Unanswered,
    /// It is lost on its way to the server.
    Unheard,
    /// Something that is not Agent Manager answers.
    Nonsense,
}

/// The address of a proxy of `url` that asks `fate` of each request's head, one request after the other.
pub(crate) fn start(url: &str, mut fate: impl FnMut(&str) -> Fate + Send + 'static) -> String {
    let server = url.replace("http://localhost", "127.0.0.1");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            // A connection that breaks is `g`'s to notice.
            let _ = stream.and_then(|stream| pass(stream, &server, &mut fate));
        }
    });
    address
}

fn pass(mut stream: TcpStream, server: &str, fate: &mut impl FnMut(&str) -> Fate) -> io::Result<()> {
    let mut request = Vec::new();
    let head = loop {
        if let Some(at) = request.windows(4).position(|window| window == b"\r\n\r\n") {
            break String::from_utf8_lossy(&request[..at + 4]).into_owned();
        }
        more(&mut stream, &mut request)?;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    while request.len() < head.len() + length.unwrap_or(0) {
        more(&mut stream, &mut request)?;
    }
    let fate = fate(&head);
    match fate {
        Fate::Unheard => Ok(()),
        Fate::Nonsense => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello")
        }
        Fate::Answered | Fate::Unanswered => {
            let mut server = TcpStream::connect(server)?;
            let (line, rest) = head.split_once("\r\n").unwrap();
            server.write_all(format!("{line}\r\nconnection: close\r\n{rest}").as_bytes())?;
            server.write_all(&request[head.len()..])?;
            let mut answer = Vec::new();
            server.read_to_end(&mut answer)?;
            if fate == Fate::Answered { stream.write_all(&answer) } else { Ok(()) }
        }
    }
}

fn more(stream: &mut TcpStream, request: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 8192];
    match stream.read(&mut buffer)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        read => {
            request.extend_from_slice(&buffer[..read]);
            Ok(())
        }
    }
}
