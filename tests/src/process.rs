//! Child processes with a limit to their time.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// What a process said.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// Its exit status; `None` if it was killed.
    pub status: Option<i32>,
    /// Whether it ran out of time.
    pub timed_out: bool,
    /// The most memory that it or one of its children was seen with, in kB.
    pub peak: u64,
}

/// Runs a command with this input, for at most so long.
pub fn run(command: &mut Command, input: &str, limit: Duration) -> Result<Said, String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{}: {error}", command.get_program().to_string_lossy()))?;
    let stdin = child.stdin.take();
    let input = input.to_owned();
    let writer = thread::spawn(move || {
        if let Some(mut stdin) = stdin {
            // A child that does not read its input is no error.
            let _ = stdin.write_all(input.as_bytes());
        }
    });
    let out = reader(child.stdout.take());
    let err = reader(child.stderr.take());
    let begun = Instant::now();
    let mut pause = Duration::from_millis(1);
    let mut peak = 0;
    let (status, timed_out) = loop {
        peak = peak.max(resident(child.id()));
        match child.try_wait() {
            Ok(Some(status)) => break (status.code(), false),
            Ok(None) if begun.elapsed() > limit => {
                let _ = child.kill();
                let _ = child.wait();
                break (None, true);
            }
            Ok(None) => {
                thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(20));
            }
            Err(error) => return Err(error.to_string()),
        }
    };
    let _ = writer.join();
    Ok(Said {
        out: out.join().unwrap_or_default(),
        err: err.join().unwrap_or_default(),
        status,
        timed_out,
        peak,
    })
}

/// The most memory that a process or one of its descendants has had so far, in
/// kB; 0 where that is not told.
fn resident(process: u32) -> u64 {
    let own = std::fs::read_to_string(format!("/proc/{process}/status"))
        .ok()
        .and_then(|status| {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("VmHWM:"))?;
            line.split_whitespace().next()?.parse().ok()
        })
        .unwrap_or(0);
    // A child belongs to the thread that made it.
    std::fs::read_dir(format!("/proc/{process}/task"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|children| {
            children
                .split_whitespace()
                .filter_map(|child| child.parse().ok())
                .collect::<Vec<u32>>()
        })
        .map(resident)
        .fold(own, u64::max)
}

/// Reads a pipe to its end beside the child.
fn reader<R: Read + Send + 'static>(pipe: Option<R>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
