//! Random querysets, valid in all but rare cases.
//!
//! ```text
//! paths ──▶ condition, expression ──▶ calls ──▶ ending
//! ```

mod combined;
mod condition;
mod ending;
mod expression;
mod faults;
mod functions;
mod grouped;
mod loading;
mod paths;
mod values;
mod writing;

use super::chain::{Call, Chain, Term};
use super::rng::Rng;
use super::schema::Schema;

/// What the text of a chain needs.
pub const IMPORTS: &str = "import datetime\nimport uuid\nimport zoneinfo\nfrom decimal import Decimal\nfrom django.db.models import *\nfrom django.db import transaction\nfrom django.db.models import lookups\nfrom django.db.models.functions import *\n";

/// A random queryset over these models.
#[must_use]
pub fn chain(schema: &Schema, rng: &mut Rng) -> Chain {
    let mut maker = Maker::new(schema, rng);
    let model = maker.model();
    match maker.rng.below(100) {
        0..=8 => return maker.combined(&model),
        9..=17 => return maker.written(&model),
        _ => {}
    }
    let mut calls = maker.calls(&model);
    let mut shape = String::new();
    if maker.rng.chance(6) {
        shape = maker.looked_at(&model);
    } else {
        maker.ending(&model, &mut calls);
    }
    if maker.rng.chance(4) {
        shape = "str(QUERYSET.query)".to_owned();
    }
    Chain {
        model,
        calls,
        shape,
    }
}

/// A queryset with something wrong in it.
#[must_use]
pub fn faulty(schema: &Schema, rng: &mut Rng) -> Chain {
    let mut made = chain(schema, rng);
    Maker::new(schema, rng).fault(&mut made);
    made
}

struct Maker<'a> {
    schema: &'a Schema,
    rng: &'a mut Rng,
    /// Names of annotations so far, with their kinds.
    annotations: Vec<(String, &'static str)>,
    /// Names of filtered relations so far, with their models.
    filtered: Vec<(String, String)>,
    /// How many subqueries deep we are: there, the names above mean nothing.
    inside: usize,
}

impl<'a> Maker<'a> {
    fn new(schema: &'a Schema, rng: &'a mut Rng) -> Self {
        Self {
            schema,
            rng,
            annotations: Vec::new(),
            filtered: Vec::new(),
            inside: 0,
        }
    }

    fn model(&mut self) -> String {
        let models: Vec<&String> = self.schema.keys().collect();
        (*self.rng.pick(&models)).clone()
    }
}

impl Maker<'_> {
    fn calls(&mut self, model: &str) -> Vec<Call> {
        let mut calls = Vec::new();
        if self.rng.chance(6) {
            calls.extend(self.filtered_relation(model));
        }
        for _ in 0..self.rng.below(4) {
            let condition = self.condition(model, 2);
            let method = if self.rng.chance(70) {
                "filter"
            } else {
                "exclude"
            };
            let mut conditions = vec![condition];
            if self.rng.chance(15) {
                conditions.push(self.condition(model, 1));
            }
            if self.rng.chance(30) {
                conditions = keywords(conditions);
            }
            calls.push(call(method, conditions));
            if self.rng.chance(35) {
                let made = self.annotation(model);
                calls.push(made);
            }
        }
        if calls.is_empty() {
            let made = if self.rng.chance(75) {
                self.annotation(model)
            } else {
                call("all", Vec::new())
            };
            calls.push(made);
        }
        calls
    }

    fn filtered_relation(&mut self, model: &str) -> Option<Call> {
        let relations = &self.schema[model].relations;
        if relations.is_empty() {
            return None;
        }
        let (relation, to, _) = self.rng.pick(relations).clone();
        let fields = paths::usable(self.schema, &to);
        let (field, kind) = self.rng.pick(&fields).clone();
        self.inside += 1;
        let (lookup, value) = self.comparison(model, &kind);
        self.inside -= 1;
        let name = format!("r{}", self.filtered.len());
        self.filtered.push((name.clone(), to));
        let condition = format!("Q({relation}__{field}{lookup}={value})");
        Some(call(
            "annotate",
            vec![text(&format!(
                "{name}=FilteredRelation(\"{relation}\", condition={condition})"
            ))],
        ))
    }

    fn annotation(&mut self, model: &str) -> Call {
        let name = format!("n{}", self.annotations.len());
        let (expression, kind) = self.annotated(model);
        self.annotations.push((name.clone(), kind));
        let method = if self.rng.chance(88) {
            "annotate"
        } else {
            "alias"
        };
        call(method, vec![text(&format!("{name}={expression}"))])
    }

    fn ordering(&mut self, model: &str) -> Call {
        let mut arguments = Vec::new();
        for _ in 0..self.rng.below(3) {
            if self.rng.chance(25) {
                let (expression, _) = self.scalar(model, 1);
                let way = *self.rng.pick(&[
                    ".asc()",
                    ".desc()",
                    ".asc(nulls_first=True)",
                    ".desc(nulls_last=True)",
                ]);
                let made = if ends_in_call(&expression) {
                    format!("{expression}{way}")
                } else {
                    format!("({expression}){way}")
                };
                arguments.push(text(&made));
                continue;
            }
            let path = if !self.annotations.is_empty() && self.rng.chance(30) {
                self.rng.pick(&self.annotations).0.clone()
            } else if self.rng.chance(15) {
                self.relation_path(model)
            } else {
                self.path(model, 2, None)
            };
            let sign = if self.rng.chance(30) { "-" } else { "" };
            let argument = text(&format!("\"{sign}{path}\""));
            if !path.is_empty() && !arguments.contains(&argument) {
                arguments.push(argument);
            }
        }
        arguments.push(text("\"pk\""));
        call("order_by", arguments)
    }
}

/// `Q(a=1)` as `a=1`, those after all others.
fn keywords(conditions: Vec<Term>) -> Vec<Term> {
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for condition in conditions {
        let inner = match &condition {
            Term::Text(whole) => whole
                .strip_prefix("Q(")
                .and_then(|rest| rest.strip_suffix(')'))
                .filter(|inner| {
                    inner.split_once('=').is_some_and(|(name, value)| {
                        !name.is_empty()
                            && !value.starts_with('=')
                            && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_')
                    })
                }),
            _ => None,
        };
        match inner {
            Some(inner) if !last.iter().any(|known: &Term| same_name(known, inner)) => {
                last.push(text(inner));
            }
            _ => first.push(condition),
        }
    }
    first.extend(last);
    first
}

/// Whether two keywords have the same name.
fn same_name(known: &Term, keyword: &str) -> bool {
    known.to_string().split('=').next() == keyword.split('=').next()
}

/// Whether a method can be called on it as it stands.
fn ends_in_call(expression: &str) -> bool {
    let mut depth = 0_usize;
    for (at, letter) in expression.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1 == expression.len();
                }
            }
            _ => {}
        }
    }
    false
}

fn call(method: &str, arguments: Vec<Term>) -> Call {
    Call {
        method: method.to_owned(),
        arguments,
    }
}

fn text(text: &str) -> Term {
    Term::Text(text.to_owned())
}
