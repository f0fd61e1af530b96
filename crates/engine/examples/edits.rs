//! What an edit costs the engine: a project is run again and again with its models, then its
//! script, a little changed. For profiles; what is promised is measured in the page.
//!
//! ```text
//! cargo run --release -p ormscope-engine --example edits -- www/examples/bookstore 200 150
//! ```
//!
//! The last number: milliseconds between edits. Nobody types without them, and what other programs
//! do meanwhile empties the processor's caches.
use ormscope_engine::{Engine, Host, Stream};
use protocol::Project;
use protocol::message::Limits;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

/// The clock and nothing else.
struct Clock(Instant);

impl Host for Clock {
    fn wall_clock(&self) -> Duration {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        now.unwrap_or_default()
    }
    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
    fn write(&self, _stream: Stream, _text: &str) {}
}

/// The `.py` files below a folder.
fn collect(root: &Path, inside: &str, project: &mut Project) -> std::io::Result<()> {
    for entry in std::fs::read_dir(root.join(inside))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{inside}{name}");
        if entry.file_type()?.is_dir() {
            collect(root, &format!("{path}/"), project)?;
        } else if Path::new(&name).extension().is_some_and(|e| e == "py") {
            project.write(&path, &std::fs::read_to_string(entry.path())?);
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or("www/examples/bookstore".into());
    let times: usize = arguments.next().map_or(Ok(200), |n| n.parse())?;
    let pause = Duration::from_millis(arguments.next().map_or(Ok(0), |n| n.parse())?);
    let mut engine = Engine::new(Rc::new(Clock(Instant::now())))?;
    let mut project = Project::default();
    collect(Path::new(&folder), "", &mut project)?;
    let first = engine.run(&project, Limits::default(), &mut |_, _| {});
    println!(
        "{} cards, {} diagnostics",
        first.cards.len(),
        first.diagnostics.len()
    );
    for file in ["models.py", "queries.py"] {
        let text = project.read(file).unwrap_or_default().to_owned();
        let mut whole = Vec::new();
        let mut stages: Vec<(String, Vec<f64>)> = Vec::new();
        for n in 0..times {
            project.write(file, format!("{text}\n# {n}"));
            std::thread::sleep(pause);
            let begun = Instant::now();
            let report = engine.run(&project, Limits::default(), &mut |_, _| {});
            whole.push(begun.elapsed().as_secs_f64() * 1e3);
            if let Some(wrong) = report.diagnostics.first() {
                return Err(format!("{}: {}", wrong.kind, wrong.traceback).into());
            }
            for phase in report.phases {
                let name = format!("{:?}", phase.name);
                match stages.iter_mut().find(|(n, _)| *n == name) {
                    Some((_, all)) => all.push(phase.millis),
                    None => stages.push((name, vec![phase.millis])),
                }
            }
        }
        print!("{file}: {:.2} ms", median(&mut whole));
        for (name, mut all) in stages {
            print!(", {name} {:.2}", median(&mut all));
        }
        println!();
        project.write(file, &text);
    }
    Ok(())
}

fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or_default()
}
