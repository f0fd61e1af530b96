//! Parameters as SQL text, for showing a statement (`last_executed_query`). Never for running it.
use orm_state::Value;
use orm_state::value::float_repr;

/// ```
/// use orm_sql::dialect::interpolate;
/// assert_eq!(interpolate("a = %s AND b LIKE '%%'", &["it's".into()]), "a = 'it''s' AND b LIKE '%'");
/// ```
pub fn interpolate(sql: &str, params: &[Value]) -> String {
    if params.is_empty() {
        return sql.into();
    }
    let mut out = String::with_capacity(sql.len() + params.len() * 8);
    let mut params = params.iter();
    let mut rest = sql;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('s') {
            match params.next() {
                Some(v) => out.push_str(&quote_value(v)),
                None => out.push_str("%s"),
            }
            rest = after;
        } else {
            out.push('%');
            rest = rest.strip_prefix('%').unwrap_or(rest);
        }
    }
    out.push_str(rest);
    out
}

/// A value as SQLite's `QUOTE()` prints it.
pub fn quote_value(value: &Value) -> String {
    match value {
        Value::Null => "NULL".into(),
        Value::Bool(b) => i32::from(*b).to_string(),
        Value::Int(i) => i.to_string(),
        Value::BigInt(i) => i.to_string(),
        Value::Float(f) if f.is_infinite() => {
            if *f > 0.0 { "9.0e+999" } else { "-9.0e+999" }.into()
        }
        Value::Float(f) if f.is_nan() => "NULL".into(),
        Value::Float(f) => sqlite_float(*f),
        Value::Bytes(b) => {
            let hex: String = b.iter().map(|b| format!("{b:02X}")).collect();
            format!("X'{hex}'")
        }
        v => format!("'{}'", v.to_str().replace('\'', "''")),
    }
}

/// SQLite prints 15 digits, or as many as the number needs to be read back.
fn sqlite_float(f: f64) -> String {
    let repr = float_repr(f);
    match repr.split_once('e') {
        Some((m, e)) if !m.contains('.') => format!("{m}.0e{e}"),
        _ => repr,
    }
}
