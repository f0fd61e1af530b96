//! What differs between databases. Defaults sit in the trait; a dialect says only what differs.
mod sqlite;

pub use sqlite::Sqlite;

/// A SQL dialect (`connection.ops` and `connection.features` of Django in one).
pub trait Dialect {
    /// `sqlite`, `postgresql`, `mysql`
    fn vendor(&self) -> &'static str;
    fn quote_name(&self, name: &str) -> String {
        if name.starts_with('"') && name.ends_with('"') {
            return name.into();
        }
        format!("\"{name}\"")
    }
    /// Appends the quoted name.
    fn quote_name_into(&self, name: &str, sql: &mut String) {
        sql.push_str(&self.quote_name(name));
    }
    fn supports_logical_xor(&self) -> bool {
        false
    }
}
