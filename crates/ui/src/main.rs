//! Starts the page.

fn main() {
    ormscope_ui::start();
}
