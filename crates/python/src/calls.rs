//! Where the calls of a text stand, and their arguments: from the place that an instruction has to
//! the text that asked for it.
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprCall};
use ruff_python_parser::parse_module;
use ruff_text_size::{Ranged, TextRange};
use std::collections::HashMap;
use std::ops::Range;

/// A place as an instruction has it: line from 1, column from 0 in bytes.
pub type Place = (u32, u32);

/// An expression, in bytes of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// All of it; of a method's call from the method's name on, of an index its brackets.
    pub own: Range<usize>,
    /// What the method was called on.
    pub receiver: Option<Range<usize>>,
    /// Positional arguments, as far as their number is known.
    pub arguments: Vec<Range<usize>>,
    /// Keyword arguments with their names; without one for `**keywords`.
    pub keywords: Vec<(Option<String>, Range<usize>)>,
}

/// The expressions of a text by where they stand.
#[derive(Debug)]
pub struct Calls {
    text: String,
    lines: Vec<usize>,
    exact: HashMap<(usize, usize), Found>,
    /// Calls and indexes end where no other one does.
    ending: HashMap<usize, usize>,
}

impl Calls {
    /// Those of a text, if it is Python.
    pub fn of(text: &str) -> Option<Calls> {
        let parsed = parse_module(text).ok()?;
        let after = text.match_indices('\n').map(|(at, _)| at + 1);
        let mut calls = Calls {
            text: text.to_owned(),
            lines: std::iter::once(0).chain(after).collect(),
            exact: HashMap::new(),
            ending: HashMap::new(),
        };
        for statement in &parsed.syntax().body {
            calls.visit_stmt(statement);
        }
        Some(calls)
    }
    /// The expression that an instruction belongs to.
    pub fn at(&self, start: Place, end: Place) -> Option<&Found> {
        let (start, end) = (self.offset(start)?, self.offset(end)?);
        let exact = self.exact.get(&(start, end));
        // A call over several lines is said to begin at its method's name.
        exact.or_else(|| self.exact.get(&(*self.ending.get(&end)?, end)))
    }
    /// A piece of the text.
    pub fn text(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }
    /// Line from 1, column from 0 in characters.
    pub fn position(&self, offset: usize) -> (u32, u32) {
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let column = self.text(&(start..offset)).chars().count();
        (line as u32, column as u32)
    }
    fn offset(&self, (line, column): Place) -> Option<usize> {
        let start = self.lines.get((line as usize).checked_sub(1)?)?;
        Some(start + column as usize)
    }
}

fn range(of: TextRange) -> Range<usize> {
    usize::from(of.start())..usize::from(of.end())
}

fn call(call: &ExprCall) -> Found {
    let all = range(call.range());
    let mut found = Found {
        own: all.clone(),
        ..Found::default()
    };
    if let Expr::Attribute(method) = &*call.func {
        found.own.start = usize::from(method.attr.range().start());
        found.receiver = Some(range(method.value.range()));
    }
    let known = call.arguments.args.iter();
    let known = known.take_while(|a| !matches!(a, Expr::Starred(_)));
    found.arguments = known.map(|a| range(a.range())).collect();
    let keywords = call.arguments.keywords.iter();
    found.keywords = keywords
        .map(|k| (k.arg.as_ref().map(|n| n.id.to_string()), range(k.range())))
        .collect();
    found
}

impl<'a> Visitor<'a> for Calls {
    fn visit_expr(&mut self, expr: &'a Expr) {
        let all = range(expr.range());
        let mut found = Found {
            own: all.clone(),
            ..Found::default()
        };
        match expr {
            Expr::Call(made) => found = call(made),
            Expr::Subscript(index) => {
                let value = range(index.value.range());
                found.own.start = value.end;
                found.receiver = Some(value);
            }
            _ => {}
        }
        if found.receiver.is_some() || expr.is_call_expr() {
            self.ending.insert(all.end, all.start);
        }
        self.exact.insert((all.start, all.end), found);
        walk_expr(self, expr);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_found_by_its_end() {
        let text = "x = (Book.objects\n     .filter(é=1, *a, b__c=2)\n     .filter(**d)[:5])\n";
        let calls = Calls::of(text).unwrap_or_else(|| panic!("it is Python"));
        let end = |line: usize| text.lines().nth(line - 1).map_or(0, str::len) as u32;
        let found = |at| calls.at((1, 0), at).cloned().unwrap_or_default();
        let first = found((2, end(2)));
        assert_eq!(calls.text(&first.own), "filter(é=1, *a, b__c=2)");
        let names: Vec<_> = first.keywords.iter().map(|(n, _)| n.clone()).collect();
        assert_eq!(names, [Some("é".to_owned()), Some("b__c".to_owned())]);
        assert!(first.arguments.is_empty());
        let slice = found((3, end(3) - 1));
        assert_eq!(calls.text(&slice.own), "[:5]");
        assert_eq!(calls.position(slice.own.start), (3, 17));
    }
}
