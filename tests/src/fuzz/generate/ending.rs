//! What becomes of a queryset in the end, and combined querysets.

use super::{Maker, call, text};
use crate::fuzz::chain::{Call, Chain, Term};

impl Maker<'_> {
    /// What becomes of the queryset in the end.
    pub(super) fn ending(&mut self, model: &str, calls: &mut Vec<Call>) {
        if !self.annotations.is_empty() && self.rng.chance(45) {
            self.annotations_shown(model, calls);
            return;
        }
        match self.rng.below(19) {
            0 => calls.push(call("count", Vec::new())),
            1 => calls.push(call("exists", Vec::new())),
            2 => self.aggregated(model, calls),
            3 => {
                let ordering = self.ordering(model);
                calls.push(ordering);
                let end = *self.rng.pick(&["first", "last"]);
                calls.push(call(end, Vec::new()));
            }
            4..=6 => self.grouped_values(model, calls),
            7 => {
                let path = self.path(model, 2, None);
                calls.push(call(
                    "values_list",
                    vec![text(&format!("\"{path}\"")), text("flat=True")],
                ));
                calls.push(call("distinct", Vec::new()));
                calls.push(call("order_by", vec![text(&format!("\"{path}\""))]));
            }
            8 => {
                let mut paths = Vec::new();
                for _ in 0..1 + self.rng.below(2) {
                    if let Some(path) = self.single_path(model) {
                        let path = text(&format!("\"{path}\""));
                        if !paths.contains(&path) {
                            paths.push(path);
                        }
                    }
                }
                calls.push(call("select_related", paths));
                if self.rng.chance(30) {
                    let name = self.own_field(model);
                    calls.push(call("defer", vec![text(&format!("\"{name}\""))]));
                }
            }
            9 | 10 => self.slice(model, calls),
            11 => {
                let name = self.own_field(model);
                let method = if self.rng.chance(50) { "only" } else { "defer" };
                calls.push(call(method, vec![text(&format!("\"{name}\""))]));
            }
            12 => {
                calls.push(call("distinct", Vec::new()));
                let ordering = self.ordering(model);
                calls.push(ordering);
            }
            13 => {
                let relation = self.relation_path(model);
                if !relation.is_empty() {
                    calls.push(call(
                        "prefetch_related",
                        vec![text(&format!("\"{relation}\""))],
                    ));
                }
            }
            14 => {
                let path = self.path(model, 0, Some("DateField"));
                let moment = self.path(model, 0, Some("DateTimeField"));
                if !path.is_empty() {
                    let kind = *self.rng.pick(&["year", "month", "week", "day"]);
                    calls.push(call(
                        "dates",
                        vec![text(&format!("\"{path}\"")), text(&format!("\"{kind}\""))],
                    ));
                } else if !moment.is_empty() {
                    let kind = *self.rng.pick(&["year", "hour", "week", "day"]);
                    calls.push(call(
                        "datetimes",
                        vec![text(&format!("\"{moment}\"")), text(&format!("\"{kind}\""))],
                    ));
                }
            }
            15 => {
                let ids = format!("[{}, {}]", 1 + self.rng.below(3), 1 + self.rng.below(5));
                calls.push(call("in_bulk", vec![text(&ids)]));
            }
            16 => {
                calls.push(call("reverse", Vec::new()));
                let condition = self.leaf(model);
                calls.push(call("filter", vec![text(&condition)]));
            }
            _ => {
                let ordering = self.ordering(model);
                calls.push(ordering);
            }
        }
    }

    fn aggregated(&mut self, model: &str, calls: &mut Vec<Call>) {
        if self.rng.chance(30) {
            match self.rng.below(3) {
                0 => calls.push(call("distinct", Vec::new())),
                1 => self.slice(model, calls),
                _ => {
                    let paths = self.some_paths(model, 1);
                    calls.push(call("values", paths));
                }
            }
        }
        let (aggregate, _) = self.aggregate(model);
        let mut arguments = vec![text(&format!("x={aggregate}"))];
        if self.rng.chance(30) {
            let (other, _) = self.aggregate(model);
            arguments.push(text(&format!("y={other}")));
        }
        if !self.annotations.is_empty() && self.rng.chance(50) {
            let name = self.rng.pick(&self.annotations).0.clone();
            let function = *self.rng.pick(&["Max", "Count", "Sum"]);
            arguments.push(text(&format!("z={function}(\"{name}\")")));
        }
        calls.push(call("aggregate", arguments));
    }

    fn slice(&mut self, model: &str, calls: &mut Vec<Call>) {
        let ordering = self.ordering(model);
        calls.push(ordering);
        let start = self.rng.below(3);
        let slice = if self.rng.chance(50) {
            format!(":{}", 1 + self.rng.below(4))
        } else {
            format!("{start}:{}", start + 1 + self.rng.below(3))
        };
        calls.push(Call {
            method: String::new(),
            arguments: vec![text(&slice)],
        });
        if self.rng.chance(15) {
            let end = *self.rng.pick(&["count", "exists", "reverse"]);
            calls.push(call(end, Vec::new()));
        }
    }

    /// `values()` that show what was annotated.
    fn annotations_shown(&mut self, model: &str, calls: &mut Vec<Call>) {
        let mut paths: Vec<Term> = self
            .annotations
            .iter()
            .map(|(name, _)| text(&format!("\"{name}\"")))
            .collect();
        if self.rng.chance(60) {
            paths.insert(0, text("\"pk\""));
        }
        if self.rng.chance(30) {
            let more = self.some_paths(model, 1);
            paths.extend(more.into_iter().filter(|each| each != &text("\"pk\"")));
        }
        let method = *self.rng.pick(&["values", "values_list"]);
        calls.push(call(method, paths));
        match self.rng.below(6) {
            0 => calls.push(call("distinct", Vec::new())),
            1 => self.slice(model, calls),
            2 => {
                let condition = self.condition(model, 1);
                calls.push(call("filter", vec![condition]));
            }
            3 => {
                let (aggregate, kind) = self.aggregate(model);
                calls.push(call("annotate", vec![text(&format!("g={aggregate}"))]));
                let (lookup, value) = self.within(|maker| maker.comparison(model, kind));
                calls.push(call("filter", vec![text(&format!("g{lookup}={value}"))]));
            }
            _ => {
                let ordering = self.ordering(model);
                calls.push(ordering);
            }
        }
    }

    /// `values()` before an annotation: a group of its own.
    fn grouped_values(&mut self, model: &str, calls: &mut Vec<Call>) {
        let mut fields = self.some_paths(model, 1);
        if self.rng.chance(15) {
            let (expression, _) = self.scalar(model, 1);
            fields.push(text(&format!("e={expression}")));
        }
        let method = if self.rng.chance(80) {
            "values"
        } else {
            "values_list"
        };
        calls.push(call(method, fields));
        let grouped = self.rng.chance(60);
        if grouped {
            let (aggregate, kind) = self.aggregate(model);
            calls.push(call("annotate", vec![text(&format!("g={aggregate}"))]));
            if self.rng.chance(30) {
                let (lookup, value) = self.within(|maker| maker.comparison(model, kind));
                calls.push(call("filter", vec![text(&format!("g{lookup}={value}"))]));
            }
        }
        match self.rng.below(5) {
            0 if grouped => calls.push(call("order_by", Vec::new())),
            1 if grouped => calls.push(call("order_by", vec![text("\"-g\"")])),
            2 => {}
            3 if grouped => {
                let (aggregate, _) = self.aggregate(model);
                calls.push(call(
                    "aggregate",
                    vec![text("Sum(\"g\")"), text(&format!("x={aggregate}"))],
                ));
            }
            _ => calls.push(call("order_by", vec![text("\"pk\"")])),
        }
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
            1 => Some(("values_list", "\"pk\"".to_owned())),
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
            if let Some((method, arguments)) = &tail {
                right.push_str(&format!(".{method}({arguments})"));
            }
            if self.rng.chance(10) {
                right.push_str(".order_by(\"pk\")[:2]");
            }
            let mut arguments = vec![text(&right)];
            if method == "union" && self.rng.chance(30) {
                arguments.push(text("all=True"));
            }
            calls.push(call(method, arguments));
        }
        match self.rng.below(8) {
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
        }
    }
}
