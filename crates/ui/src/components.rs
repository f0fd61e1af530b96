//! What is seen. A component is its properties, its hooks, its markup.

mod app;
mod card;
mod cell;
mod copy_button;
mod database;
mod ddl;
mod dialogs;
mod embed;
mod engine_frame;
mod engine_status;
mod exception;
mod file_tabs;
mod header;
mod icon;
mod join_graph;
mod migrations;
mod name_input;
mod notice;
mod output;
mod panels;
mod plan;
mod query;
mod results;
mod rows_table;
mod scope_strip;
mod source_editor;
mod splitter;
mod sql_text;
mod value;

pub use app::App;
pub use embed::Embed;
pub use engine_frame::EngineFrame;

/// `1 query`, `2 queries`.
fn count(number: u64, one: &str, many: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{} {many}", grouped(number))
    }
}

/// `12 345`, with thin spaces.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

/// `0.21 ms`, `1.4 s`.
fn duration(millis: f64) -> String {
    // A sum over nothing is -0.
    let millis = millis.abs();
    if millis >= 1_000.0 {
        format!("{:.1} s", millis / 1_000.0)
    } else if millis >= 10.0 {
        format!("{millis:.0} ms")
    } else {
        format!("{millis:.2} ms")
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_read_well() {
        assert_eq!(super::grouped(1_234_567), "1\u{2009}234\u{2009}567");
        assert_eq!(super::count(1, "row", "rows"), "1 row");
        assert_eq!(super::duration(0.2), "0.20 ms");
        assert_eq!(super::duration(1_500.0), "1.5 s");
    }
}
