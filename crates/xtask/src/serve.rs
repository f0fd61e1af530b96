//! A server for the static site, on this machine only.
//!
//! It is a plain static host: it sends the `.br` file beside a file if there
//! is one and the browser takes it, and nothing clever.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use tiny_http::{Header, Method, Request, Response, Server};

use crate::run::say;
use crate::{Outcome, dist, page, places};

/// `serve [--port N] [--no-build]`: builds the page and serves it till it is
/// stopped.
pub fn serve(words: &[String]) -> Outcome {
    let port = option(words, "--port").unwrap_or_else(|| "8080".to_owned());
    let port: u16 = port
        .parse()
        .map_err(|_| format!("--port {port}: not a port"))?;
    if !words.iter().any(|word| word == "--no-build") {
        page::build()?;
        dist::compress(&places::dist())?;
    }
    let server = start(port, places::dist())?;
    println!("http://127.0.0.1:{}/", server.port);
    say("serving; Ctrl+C stops it");
    loop {
        thread::park();
    }
}

/// A running server.
pub struct Running {
    /// The port it listens to.
    pub port: u16,
}

/// Starts a server for a folder; if the port is taken, on another one.
pub fn start(port: u16, folder: PathBuf) -> Outcome<Running> {
    let server = Server::http(("127.0.0.1", port))
        .or_else(|_| Server::http(("127.0.0.1", 0)))
        .map_err(|error| error.to_string())?;
    let port = server
        .server_addr()
        .to_ip()
        .map_or(port, |address| address.port());
    let server = Arc::new(server);
    for _ in 0..4 {
        let (server, folder) = (Arc::clone(&server), folder.clone());
        thread::spawn(move || {
            while let Ok(request) = server.recv() {
                // A browser that went away is no trouble of ours.
                let _ = answer(request, &folder);
            }
        });
    }
    Ok(Running { port })
}

fn answer(request: Request, folder: &Path) -> std::io::Result<()> {
    let head = *request.method() == Method::Head;
    if !head && *request.method() != Method::Get {
        return request.respond(Response::empty(405));
    }
    let Some(file) = find(folder, request.url()) else {
        return request.respond(Response::from_string("Not found\n").with_status_code(404));
    };
    let takes_brotli = request.headers().iter().any(|header| {
        header.field.equiv("Accept-Encoding") && header.value.as_str().contains("br")
    });
    let small = PathBuf::from(format!("{}.br", file.display()));
    let brotli = takes_brotli && small.is_file();
    let body = fs::read(if brotli { &small } else { &file })?;
    let mut response = Response::from_data(body);
    let mut headers = vec![
        ("Content-Type", mime(&file)),
        ("Cache-Control", "no-cache"),
        ("X-Content-Type-Options", "nosniff"),
        ("Vary", "Accept-Encoding"),
    ];
    if brotli {
        headers.push(("Content-Encoding", "br"));
    }
    for (name, value) in headers {
        if let Ok(header) = Header::from_bytes(name, value) {
            response.add_header(header);
        }
    }
    request.respond(response)
}

/// The file for an address; none outside the folder.
fn find(folder: &Path, url: &str) -> Option<PathBuf> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let path = unescape(path)?;
    let mut file = folder.to_owned();
    for piece in path
        .split('/')
        .filter(|piece| !piece.is_empty() && *piece != ".")
    {
        if piece == ".." || piece.contains(['\\', '\0']) {
            return None;
        }
        file.push(piece);
    }
    if file.is_dir() {
        file.push("index.html");
    }
    file.is_file().then_some(file)
}

/// `%20` and its kin.
fn unescape(path: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let pair = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn mime(file: &Path) -> &'static str {
    match file
        .extension()
        .and_then(|end| end.to_str())
        .unwrap_or_default()
    {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" | "md" | "py" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// The word after an option.
pub fn option(words: &[String], name: &str) -> Option<String> {
    let at = words.iter().position(|word| word == name)?;
    words.get(at + 1).cloned()
}

#[cfg(test)]
mod tests {
    use super::{find, unescape};
    use std::path::Path;

    #[test]
    fn an_address_cannot_leave_the_folder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(find(folder, "/Cargo.toml?x=1").is_some());
        assert!(find(folder, "/../ui/Cargo.toml").is_none());
        assert!(find(folder, "/%2e%2e/ui/Cargo.toml").is_none());
    }

    #[test]
    fn an_escaped_name_is_read() {
        assert_eq!(unescape("/a%20b").as_deref(), Some("/a b"));
        assert_eq!(unescape("/a%2"), None);
    }
}
