//! Names of indexes and constraints that the user did not name.
use md5::{Digest, Md5};
use orm_state::OnDelete;

/// The longest name databases without their own limit get.
const MAX_NAME_LENGTH: usize = 200;

/// Hash of several names, so that names stay different when cut short.
///
/// ```
/// assert_eq!(orm_sql::schema::naming::names_digest(&["a", "b"], 8), "187ef443");
/// ```
pub fn names_digest(names: &[&str], length: usize) -> String {
    let mut md5 = Md5::new();
    for n in names {
        md5.update(n.as_bytes());
    }
    let hex: String = md5.finalize().iter().map(|b| format!("{b:02x}")).collect();
    hex.chars().take(length).collect()
}

/// `table_column1_column2_hash` with a suffix, cut to what databases allow.
pub fn index_name(table: &str, columns: &[String], suffix: &str) -> String {
    let table = split_identifier(table).1;
    let mut names = vec![table];
    names.extend(columns.iter().map(String::as_str));
    let mut hash = format!("{}{suffix}", names_digest(&names, 8));
    let joined = columns.join("_");
    let full = format!("{table}_{joined}_{hash}");
    if full.chars().count() <= MAX_NAME_LENGTH {
        return full;
    }
    if hash.len() > MAX_NAME_LENGTH / 3 {
        hash.truncate(MAX_NAME_LENGTH / 3);
    }
    let other = (MAX_NAME_LENGTH - hash.len()) / 2 - 1;
    let cut = |s: &str| s.chars().take(other).collect::<String>();
    let name = format!("{}_{}_{hash}", cut(table), cut(&joined));
    if name.starts_with('_') || name.starts_with(|c: char| c.is_ascii_digit()) {
        let mut short: Vec<char> = name.chars().collect();
        short.pop();
        return format!("D{}", short.into_iter().collect::<String>());
    }
    name
}

/// `"schema"."table"` → (`schema`, `table`)
pub fn split_identifier(identifier: &str) -> (&str, &str) {
    let strip = |s: &'_ str| -> (usize, usize) {
        let start = usize::from(s.starts_with('"'));
        let end = s.len() - usize::from(s.len() > 1 && s.ends_with('"'));
        (start, end)
    };
    let (namespace, name) = identifier.split_once("\".\"").unwrap_or(("", identifier));
    let (a, b) = strip(namespace);
    let (c, d) = strip(name);
    (&namespace[a..b.max(a)], &name[c..d.max(c)])
}

/// The name a nameless `Index` gets (`Index.set_name_with_model`), 30 characters at most.
pub fn set_index_name(
    table: &str,
    fields_orders: &[(String, String)],
    columns: &[String],
    suffix: &str,
) -> String {
    let table = split_identifier(table).1;
    let with_orders: Vec<String> = columns
        .iter()
        .zip(fields_orders)
        .map(|(c, (_, order))| {
            if order.is_empty() {
                c.clone()
            } else {
                format!("-{c}")
            }
        })
        .collect();
    let mut names = vec![table];
    names.extend(with_orders.iter().map(String::as_str));
    names.push(suffix);
    let cut = |s: &str, n: usize| s.chars().take(n).collect::<String>();
    let first = columns.first().map(|c| cut(c, 7)).unwrap_or_default();
    let mut name = format!(
        "{}_{first}_{}_{suffix}",
        cut(table, 11),
        names_digest(&names, 6)
    );
    if name.chars().count() > 30 {
        name = format!("{}_{}_{suffix}", cut(&name, 3), names_digest(&names, 6));
    }
    if name.starts_with('_') || name.starts_with(|c: char| c.is_ascii_digit()) {
        name = format!("D{}", name.chars().skip(1).collect::<String>());
    }
    name
}

/// ` ON DELETE CASCADE` for database-level `on_delete`.
pub fn on_delete_sql(on_delete: &OnDelete) -> &'static str {
    match on_delete {
        OnDelete::DbCascade => " ON DELETE CASCADE",
        OnDelete::DbSetNull => " ON DELETE SET NULL",
        OnDelete::DbSetDefault => " ON DELETE SET DEFAULT",
        _ => "",
    }
}
