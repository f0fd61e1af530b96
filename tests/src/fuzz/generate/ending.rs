//! What becomes of a queryset in the end, and combined querysets.

use super::{Maker, call, text};
use crate::fuzz::chain::{Call, Term};

impl Maker<'_> {
    /// What becomes of the queryset in the end.
    pub(super) fn ending(&mut self, model: &str, calls: &mut Vec<Call>) {
        if !self.annotations.is_empty() && self.rng.chance(45) {
            self.annotations_shown(model, calls);
            return;
        }
        match self.rng.below(34) {
            19 | 20 => self.prefetched(model, calls),
            21 | 22 => self.loaded(model, calls),
            23 => {
                let condition = self.condition(model, 1);
                let calls_ = [
                    ("get", vec![condition]),
                    ("latest", vec![text("\"pk\"")]),
                    ("earliest", vec![text("\"-pk\"")]),
                    ("latest", Vec::new()),
                    ("get", vec![text("pk=2")]),
                    ("contains", vec![text(&format!("{model}(pk=1)"))]),
                    ("none", Vec::new()),
                    ("first", Vec::new()),
                    ("last", Vec::new()),
                ];
                let (method, arguments) = self.rng.pick(&calls_).clone();
                calls.push(call(method, arguments));
            }
            24 => {
                let paths = self.some_paths(model, 1);
                calls.push(call(
                    "values_list",
                    [paths, vec![text("named=True")]].concat(),
                ));
                let ordering = self.ordering(model);
                calls.push(ordering);
            }
            25 => calls.push(call(self.rng.pick(&["values", "values_list"]), Vec::new())),
            26 => {
                let (expression, _) = self.scalar(model, 2);
                let path = self.path(model, 1, None);
                let method = *self.rng.pick(&["values", "values_list"]);
                let mut arguments = vec![text(&format!("\"{path}\""))];
                if method == "values" {
                    arguments.push(text(&format!("e={expression}")));
                } else {
                    arguments.push(text(&expression));
                }
                calls.push(call(method, arguments));
                if self.rng.chance(40) {
                    calls.push(call("distinct", Vec::new()));
                }
            }
            27 => self.extra(model, calls),
            28 => {
                let other = self.simple(model);
                let operator = *self.rng.pick(&["|", "&", "^", "|"]);
                calls.push(call(operator, vec![text(&other)]));
                if self.rng.chance(50) {
                    let ordering = self.ordering(model);
                    calls.push(ordering);
                }
            }
            29 => {
                let end = *self.rng.pick(&[
                    ("order_by", "\"?\""),
                    ("select_for_update", ""),
                    ("using", "\"default\""),
                    ("select_related", ""),
                    ("order_by", ""),
                    ("complex_filter", "{\"pk__gt\": 1}"),
                    ("in_bulk", ""),
                    ("fetch_mode", "FETCH_PEERS"),
                ]);
                let arguments = match end.1 {
                    "" => Vec::new(),
                    argument => vec![text(argument)],
                };
                calls.push(call(end.0, arguments));
            }
            30 => {
                // Ordered and made distinct, then counted or turned round.
                let ordering = self.ordering(model);
                calls.push(ordering);
                calls.push(call("distinct", Vec::new()));
                let end = *self.rng.pick(&["count", "reverse", "last", "exists"]);
                calls.push(call(end, Vec::new()));
            }
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
                if self.rng.chance(20) {
                    self.slice(model, calls);
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
            13 => self.prefetched(model, calls),
            14 => {
                let path = self.path(model, 0, Some("DateField"));
                let moment = self.path(model, 0, Some("DateTimeField"));
                if !path.is_empty() {
                    let kind = *self.rng.pick(&[
                        "\"year\"",
                        "\"month\"",
                        "\"week\"",
                        "\"day\", \"DESC\"",
                        "\"month\", order=\"DESC\"",
                    ]);
                    calls.push(call(
                        "dates",
                        vec![text(&format!("\"{path}\"")), text(kind)],
                    ));
                } else if !moment.is_empty() {
                    let kind = *self.rng.pick(&[
                        "\"year\"",
                        "\"hour\"",
                        "\"week\"",
                        "\"day\", order=\"DESC\"",
                        "\"minute\"",
                        "\"day\", tzinfo=zoneinfo.ZoneInfo(\"Asia/Tokyo\")",
                    ]);
                    calls.push(call(
                        "datetimes",
                        vec![text(&format!("\"{moment}\"")), text(kind)],
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

    /// Pieces of SQL by hand.
    fn extra(&mut self, model: &str, calls: &mut Vec<Call>) {
        let table = format!("playground_{}", model.to_lowercase());
        let arguments = match self.rng.below(5) {
            0 => "select={\"twice\": \"2 * 3\"}".to_owned(),
            1 => "select={\"given\": \"%s\"}, select_params=(\"v\",)".to_owned(),
            2 => "where=[\"1 = %s\"], params=[1]".to_owned(),
            3 => format!("where=[\"\\\"{table}\\\".rowid > 1\", \"2 > 1 OR 1 > 2\"]"),
            _ => "select={\"k\": \"1\"}, order_by=[\"-k\"]".to_owned(),
        };
        calls.push(call("extra", vec![text(&arguments)]));
        match self.rng.below(5) {
            0 => calls.push(call("values", Vec::new())),
            1 => {
                let paths = self.some_paths(model, 1);
                calls.push(call("values_list", paths));
            }
            2 => calls.push(call("count", Vec::new())),
            3 => {
                let condition = self.condition(model, 1);
                calls.push(call("exclude", vec![condition]));
            }
            _ => {}
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

    pub(super) fn slice(&mut self, model: &str, calls: &mut Vec<Call>) {
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
}
