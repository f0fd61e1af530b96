//! What an engine holds after many runs. The test is alone in its process: it reads
//! what the whole process holds, which tests beside it would change.
mod support;
use support::{MODELS, engine, run};

/// Bytes that this process holds, where the system tells.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = status.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

#[test]
fn many_runs_hold_no_more_memory_than_few() {
    let mut engine = engine();
    let mut go = |times: usize| {
        for n in 0..times {
            // Now the script changes, now the models: what was loaded before has to go.
            let models = MODELS.replace("50", &format!("{}", 50 + n % 3));
            let models = if n % 10 == 0 { models.as_str() } else { MODELS };
            run(
                &mut engine,
                models,
                &format!("Book.objects.filter(pk__gt={n})\n"),
            );
        }
    };
    go(200);
    let before = resident();
    go(600);
    let (Some(before), Some(after)) = (before, resident()) else {
        return;
    };
    let grown = after.saturating_sub(before);
    assert!(grown < 16 << 20, "{grown} bytes more after 600 runs");
}
