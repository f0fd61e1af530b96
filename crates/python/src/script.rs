//! A script cut into its top-level statements, so that each can be run and looked at by itself.
//!
//! ```text
//! books = Book.objects.all()    assignment, target "books"
//! books.count()                 expression
//! for b in books: …             anything else
//! ```
use ruff_python_ast::{Expr, Stmt};
use ruff_python_parser::parse_module;
use ruff_text_size::{Ranged, TextRange};

/// What a statement leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An expression: its value.
    Expression,
    /// An assignment to one name: the name's value.
    Assignment(String),
    /// Nothing to look at.
    Other,
}

/// One top-level statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub kind: Kind,
    /// Lines from 1, columns from 0 in characters; the end is exclusive.
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
    /// The statement's own text.
    pub source: String,
    /// Where it stands in the script, in bytes.
    pub range: (usize, usize),
}

/// The top-level statements of a script; `None` when it does not parse (compiling it then says
/// why, in Python's words).
pub fn statements(source: &str) -> Option<Vec<Statement>> {
    let parsed = parse_module(source).ok()?;
    let places = Places::new(source);
    Some(
        parsed
            .syntax()
            .body
            .iter()
            .map(|stmt| statement(source, &places, stmt))
            .collect(),
    )
}

fn statement(source: &str, places: &Places, stmt: &Stmt) -> Statement {
    let range: TextRange = stmt.range();
    let (start, end) = (usize::from(range.start()), usize::from(range.end()));
    let (line, column) = places.of(source, start);
    let (end_line, end_column) = places.of(source, end);
    Statement {
        kind: kind(stmt),
        line,
        column,
        end_line,
        end_column,
        source: source.get(start..end).unwrap_or_default().to_owned(),
        range: (start, end),
    }
}

fn kind(stmt: &Stmt) -> Kind {
    let name = |expr: &Expr| match expr {
        Expr::Name(name) => Some(name.id.to_string()),
        _ => None,
    };
    let target = match stmt {
        Stmt::Expr(_) => return Kind::Expression,
        Stmt::Assign(assign) => match assign.targets.as_slice() {
            [one] => name(one),
            _ => None,
        },
        Stmt::AnnAssign(assign) if assign.value.is_some() => name(&assign.target),
        Stmt::AugAssign(assign) => name(&assign.target),
        _ => None,
    };
    target.map_or(Kind::Other, Kind::Assignment)
}

/// Byte offsets of the lines' starts.
struct Places(Vec<usize>);

impl Places {
    fn new(source: &str) -> Self {
        let after = source.match_indices('\n').map(|(at, _)| at + 1);
        Places(std::iter::once(0).chain(after).collect())
    }
    fn of(&self, source: &str, offset: usize) -> (u32, u32) {
        let line = self.0.partition_point(|start| *start <= offset).max(1);
        let start = self.0.get(line - 1).copied().unwrap_or(0);
        let column = source.get(start..offset).map_or(0, |t| t.chars().count());
        (line as u32, column as u32)
    }
}

/// A script's text with everything but one statement blanked, so that it compiles at its own lines
/// and columns.
pub fn isolated(source: &str, statement: &Statement) -> String {
    let (start, end) = statement.range;
    let before = source.get(..start).unwrap_or_default();
    let newlines = before.matches('\n').count();
    let mut out = "\n".repeat(newlines);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    // `a = 1; b = 2`: the second statement of a line starts inside it. Blank what stands before,
    // character for character; a leading blank would be an indentation, hence the `0;`.
    let lead = before.get(line_start..).unwrap_or_default();
    if !lead.trim().is_empty() {
        let width = lead.chars().count();
        if width >= 2 {
            out.push_str("0;");
            out.push_str(&" ".repeat(width - 2));
        }
    }
    out.push_str(source.get(start..end).unwrap_or_default());
    out.push('\n');
    out
}
