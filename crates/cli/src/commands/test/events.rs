//! What a child says, a JSON line each.
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::sync::mpsc::{Receiver, channel};

/// How a child went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It ran everything.
    Done,
    /// A test took it with it.
    Died,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// So many tests were found.
    Found(u64),
    /// A test begins.
    Begun(String),
    /// A test has ended: how, and with what traceback.
    Ended(String, String, String),
    /// Something outside of every test failed.
    Outside(String, String),
    /// Nothing could be run.
    Broken(String),
    /// That was all.
    Done,
}

impl Said {
    fn to_json(&self) -> Value {
        match self {
            Said::Found(count) => json!(["found", count]),
            Said::Begun(id) => json!(["begun", id]),
            Said::Ended(id, outcome, text) => json!(["ended", id, outcome, text]),
            Said::Outside(what, text) => json!(["outside", what, text]),
            Said::Broken(text) => json!(["broken", text]),
            Said::Done => json!(["done"]),
        }
    }
    fn from_json(value: &Value) -> Option<Self> {
        let text = |i: usize| value.get(i).and_then(Value::as_str).map(str::to_owned);
        Some(match value.get(0)?.as_str()? {
            "found" => Said::Found(value.get(1)?.as_u64()?),
            "begun" => Said::Begun(text(1)?),
            "ended" => Said::Ended(text(1)?, text(2)?, text(3)?),
            "outside" => Said::Outside(text(1)?, text(2)?),
            "broken" => Said::Broken(text(1)?),
            "done" => Said::Done,
            _ => return None,
        })
    }
}

/// Says something to the parent.
pub fn say(said: &Said) {
    let mut out = std::io::stdout().lock();
    // A parent that no longer listens has ended this process's work.
    let _ = writeln!(out, "{}", said.to_json());
    let _ = out.flush();
}

/// Hears a child, on a thread of its own.
pub fn listen(output: impl Read + Send + 'static) -> Receiver<Said> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines() {
            let Ok(line) = line else { break };
            let said = serde_json::from_str(&line)
                .ok()
                .and_then(|v| Said::from_json(&v));
            if let Some(said) = said
                && sender.send(said).is_err()
            {
                break;
            }
        }
    });
    receiver
}
