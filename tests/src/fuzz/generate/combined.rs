//! Several querysets in one: `union` and its kin, `&`, `|` and `^`.

use super::{Maker, call, text};
use crate::fuzz::chain::{Call, Chain, Term};

impl Maker<'_> {
    /// A small queryset of a model, as text.
    pub(super) fn simple(&mut self, model: &str) -> String {
        let condition = self.within(|maker| maker.condition(model, 1)).to_string();
        let method = if self.rng.chance(80) {
            "filter"
        } else {
            "exclude"
        };
        let mut made = format!("{model}.objects.{method}({condition})");
        if self.rng.chance(15) {
            let leaf = self.within(|maker| maker.leaf(model));
            made.push_str(&format!(".filter({leaf})"));
        }
        made
    }

    pub(super) fn combined(&mut self, model: &str) -> Chain {
        let mut calls = vec![call("order_by", Vec::new())];
        let condition = self.condition(model, 1);
        calls.push(call("filter", vec![condition]));
        let tail = match self.rng.below(5) {
            0 => {
                let paths: Vec<String> = self
                    .some_paths(model, 1)
                    .iter()
                    .map(Term::to_string)
                    .collect();
                Some(("values", paths.join(", ")))
            }
            1 => Some((
                "values_list",
                (*self
                    .rng
                    .pick(&["\"pk\"", "\"pk\", flat=True", "\"pk\", named=True"]))
                .to_owned(),
            )),
            2 => {
                let (expression, _) = self.scalar(model, 1);
                Some(("annotate", format!("n0={expression}")))
            }
            _ => None,
        };
        if let Some((method, arguments)) = &tail {
            calls.push(call(method, vec![text(arguments)]));
        }
        for _ in 0..=self.rng.below(5) / 4 {
            let other = self.condition(model, 1);
            let method = *self
                .rng
                .pick(&["union", "union", "intersection", "difference"]);
            let mut right = format!("{model}.objects.order_by().filter({other})");
            if self.rng.chance(5) {
                right = format!("{model}.objects.none()");
            }
            if let Some((method, arguments)) = &tail {
                right.push_str(&format!(".{method}({arguments})"));
            }
            if self.rng.chance(10) {
                right.push_str(".order_by(\"pk\")[:2]");
            }
            let mut arguments = vec![text(&right)];
            if self.rng.chance(12) {
                let third = self.within(|maker| maker.leaf(model));
                let mut third = format!("{model}.objects.order_by().filter({third})");
                if let Some((method, arguments)) = &tail {
                    third.push_str(&format!(".{method}({arguments})"));
                }
                arguments.push(text(&third));
            }
            if method == "union" && self.rng.chance(30) {
                arguments.push(text("all=True"));
            }
            calls.push(call(method, arguments));
        }
        match self.rng.below(14) {
            8 => calls.push(call("values_list", vec![text("\"pk\""), text("flat=True")])),
            9 => calls.push(call("first", Vec::new())),
            10 => calls.push(call("last", Vec::new())),
            11 => {
                // As the right side of a lookup.
                let calls = vec![call(
                    "filter",
                    vec![text(&format!(
                        "pk__in={}.values(\"pk\")",
                        Chain {
                            model: model.to_owned(),
                            calls,
                            shape: String::new(),
                        }
                    ))],
                )];
                return Chain {
                    model: model.to_owned(),
                    calls,
                    shape: String::new(),
                };
            }
            12 => {
                let method = *self.rng.pick(&[
                    "distinct",
                    "filter",
                    "exclude",
                    "annotate",
                    "aggregate",
                    "delete",
                    "update",
                    "select_related",
                    "prefetch_related",
                    "dates",
                    "only",
                    "get",
                    "reverse",
                    "alias",
                    "extra",
                    "none",
                    "earliest",
                    "in_bulk",
                    "contains",
                ]);
                let argument = match method {
                    "filter" | "exclude" | "get" => "pk=1",
                    "annotate" | "aggregate" | "alias" => "x=Count(\"pk\")",
                    "update" => "pk=5",
                    "earliest" | "only" => "\"pk\"",
                    "dates" => "\"x\", \"year\"",
                    "contains" => "None",
                    _ => "",
                };
                let arguments = match argument {
                    "" => Vec::new(),
                    given => vec![text(given)],
                };
                calls.push(call(method, arguments));
            }
            13 => calls.push(call("order_by", vec![text("F(\"pk\").desc()")])),
            0 => calls.push(call("count", Vec::new())),
            1 => calls.push(call("exists", Vec::new())),
            2 => {
                calls.push(call("order_by", vec![text("\"-pk\"")]));
                calls.push(Call {
                    method: String::new(),
                    arguments: vec![text(":2")],
                });
            }
            3 => calls.push(call("values", vec![text("\"pk\"")])),
            4 => {
                let name = self.own_field(model);
                calls.push(call("order_by", vec![text(&format!("\"{name}\""))]));
            }
            _ => calls.push(call("order_by", vec![text("\"pk\"")])),
        }
        Chain {
            model: model.to_owned(),
            calls,
            shape: String::new(),
        }
    }
}
