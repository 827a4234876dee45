//! A web server on loopback that does to its clients whatever a test says.
//!
//! What must stay true: no thread of it waits for ever, and it is gone when the test is.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long a connection may hang.
const PATIENCE: Duration = Duration::from_secs(20);

/// What speaks and hears: a connection, or TLS on one.
pub(crate) trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

/// What was asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// `GET /app.json HTTP/1.1`
    pub(crate) line: String,
    /// With names in small letters.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn read(stream: &mut dyn Stream) -> Option<Asked> {
        let mut reader = BufReader::new(stream);
        let mut asked = Asked::default();
        reader.read_line(&mut asked.line).ok().filter(|count| *count > 0)?;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            asked.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let length = asked.header("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        asked.body = String::from_utf8(body).unwrap();
        asked.line = asked.line.trim_end().to_owned();
        Some(asked)
    }
}

/// A whole answer: a status, headers as they are written, and a body.
pub(crate) fn answer(stream: &mut dyn Stream, status: u16, headers: &str, body: &str) {
    let length = body.len();
    let text = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
    let _ = stream.write_all(text.as_bytes());
    let _ = stream.flush();
}

/// The server.
pub(crate) struct Server {
    address: SocketAddr,
    scheme: &'static str,
    asked: Arc<Mutex<Vec<Asked>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// One that speaks plainly and does this with every request.
    pub(crate) fn new(does: impl Fn(&Asked, &mut dyn Stream) + Send + Sync + 'static) -> Server {
        Server::listening("http", None, does)
    }

    /// One that speaks TLS.
    pub(crate) fn with_tls(
        tls: rustls::ServerConfig,
        does: impl Fn(&Asked, &mut dyn Stream) + Send + Sync + 'static,
    ) -> Server {
        Server::listening("https", Some(Arc::new(tls)), does)
    }

    fn listening(
        scheme: &'static str,
        tls: Option<Arc<rustls::ServerConfig>>,
        does: impl Fn(&Asked, &mut dyn Stream) + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (heard, ends, does) = (asked.clone(), stop.clone(), Arc::new(does));
        let thread = thread::spawn(move || {
            for connection in listener.incoming() {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(connection) = connection else { continue };
                let (heard, does, tls) = (heard.clone(), does.clone(), tls.clone());
                thread::spawn(move || serve(connection, tls, &heard, &*does));
            }
        });
        Server { address, scheme, asked, stop, thread: Some(thread) }
    }

    /// The address of something it serves, by a path that begins with `/`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// Its host and port.
    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// What it was asked until now.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn serve(
    mut connection: TcpStream,
    tls: Option<Arc<rustls::ServerConfig>>,
    heard: &Mutex<Vec<Asked>>,
    does: &dyn Fn(&Asked, &mut dyn Stream),
) {
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    connection.set_write_timeout(Some(PATIENCE)).unwrap();
    let mut safe;
    let stream: &mut dyn Stream = match tls {
        None => &mut connection,
        Some(config) => {
            let session = rustls::ServerConnection::new(config).unwrap();
            safe = rustls::StreamOwned::new(session, connection);
            &mut safe
        }
    };
    let Some(asked) = Asked::read(stream) else { return };
    heard.lock().unwrap().push(asked.clone());
    does(&asked, stream);
}

/// An address where nobody listens.
pub(crate) fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/", listener.local_addr().unwrap())
}
