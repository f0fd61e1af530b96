//! Random querysets, valid in all but rare cases.

use super::chain::{Call, Chain, Term};
use super::rng::Rng;
use super::schema::Schema;

/// What the text of a chain needs.
pub const IMPORTS: &str = "import datetime\nfrom decimal import Decimal\nfrom django.db.models import *\nfrom django.db.models.functions import *\n";

/// A random queryset over these models.
#[must_use]
pub fn chain(schema: &Schema, rng: &mut Rng) -> Chain {
    let models: Vec<&String> = schema.keys().collect();
    let model = (*rng.pick(&models)).clone();
    let mut maker = Maker {
        schema,
        rng,
        annotations: Vec::new(),
    };
    let mut calls = maker.calls(&model);
    if maker.rng.chance(8) {
        return maker.combined(&model);
    }
    maker.ending(&model, &mut calls);
    Chain { model, calls }
}

struct Maker<'a> {
    schema: &'a Schema,
    rng: &'a mut Rng,
    /// Names of annotations so far, with their kinds.
    annotations: Vec<(String, &'static str)>,
}

impl Maker<'_> {
    fn calls(&mut self, model: &str) -> Vec<Call> {
        let mut calls = Vec::new();
        for _ in 0..self.rng.below(4) {
            let condition = self.condition(model, 2);
            let method = if self.rng.chance(70) {
                "filter"
            } else {
                "exclude"
            };
            calls.push(call(method, vec![condition]));
            if self.rng.chance(35) {
                let made = self.annotation(model);
                calls.push(made);
            }
        }
        if calls.is_empty() {
            let made = if self.rng.chance(50) {
                self.annotation(model)
            } else {
                call("all", Vec::new())
            };
            calls.push(made);
        }
        calls
    }

    /// What becomes of the queryset in the end.
    fn ending(&mut self, model: &str, calls: &mut Vec<Call>) {
        match self.rng.below(12) {
            0 => calls.push(call("count", Vec::new())),
            1 => calls.push(call("exists", Vec::new())),
            2 => {
                let aggregate = self.aggregate(model);
                calls.push(call("aggregate", vec![text(&format!("x={aggregate}"))]));
            }
            3 => {
                let ordering = self.ordering(model);
                calls.push(ordering);
                calls.push(call("first", Vec::new()));
            }
            4 | 5 => {
                let fields = self.some_paths(model, 1);
                let grouped = self.rng.chance(50);
                calls.push(call("values", fields));
                if grouped {
                    let aggregate = self.aggregate(model);
                    calls.push(call("annotate", vec![text(&format!("g={aggregate}"))]));
                }
                calls.push(call("order_by", vec![text("\"pk\"")]));
                if grouped && self.rng.chance(50) {
                    calls.pop();
                    calls.push(call("order_by", Vec::new()));
                }
            }
            6 => {
                let path = self.path(model, 2, None);
                calls.push(call(
                    "values_list",
                    vec![text(&format!("\"{path}\"")), text("flat=True")],
                ));
                calls.push(call("distinct", Vec::new()));
                calls.push(call("order_by", vec![text(&format!("\"{path}\""))]));
            }
            7 => {
                if let Some(path) = self.single_path(model) {
                    calls.push(call("select_related", vec![text(&format!("\"{path}\""))]));
                }
            }
            8 => {
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
            }
            9 => {
                let name = self.own_field(model);
                let method = if self.rng.chance(50) { "only" } else { "defer" };
                calls.push(call(method, vec![text(&format!("\"{name}\""))]));
            }
            10 => {
                calls.push(call("distinct", Vec::new()));
                let ordering = self.ordering(model);
                calls.push(ordering);
            }
            _ => {
                let ordering = self.ordering(model);
                calls.push(ordering);
            }
        }
    }

    fn combined(&mut self, model: &str) -> Chain {
        let condition = self.condition(model, 1);
        let other = self.condition(model, 1);
        let method = *self.rng.pick(&["union", "intersection", "difference"]);
        let right = format!("{model}.objects.order_by().filter({other})");
        Chain {
            model: model.to_owned(),
            calls: vec![
                call("order_by", Vec::new()),
                call("filter", vec![condition]),
                call(method, vec![text(&right)]),
                call("order_by", vec![text("\"pk\"")]),
            ],
        }
    }

    fn condition(&mut self, model: &str, depth: usize) -> Term {
        if depth > 0 && self.rng.chance(35) {
            let connector = *self.rng.pick(&['&', '|', '|', '^']);
            let terms = (0..2 + self.rng.below(2))
                .map(|_| self.condition(model, depth - 1))
                .collect();
            return Term::Joined(connector, terms);
        }
        if self.rng.chance(15) {
            return Term::Not(Box::new(self.condition(model, depth.saturating_sub(1))));
        }
        if depth > 0 && self.rng.chance(10) {
            return self.exists(model);
        }
        if !self.annotations.is_empty() && self.rng.chance(20) {
            let (name, kind) = self.rng.pick(&self.annotations).clone();
            let (lookup, value) = self.comparison(model, kind);
            return text(&format!("Q({name}{lookup}={value})"));
        }
        let leaf = self.leaf(model);
        text(&leaf)
    }

    fn leaf(&mut self, model: &str) -> String {
        let (prefix, end) = self.walk(model, 3);
        if self.rng.chance(12) {
            let relations = &self.schema[&end].relations;
            if !relations.is_empty() {
                let relation = self.rng.pick(relations).0.clone();
                return match self.rng.below(3) {
                    0 => format!("Q({prefix}{relation}={})", 1 + self.rng.below(4)),
                    1 => format!(
                        "Q({prefix}{relation}__in=[{}, {}])",
                        1 + self.rng.below(4),
                        1 + self.rng.below(4)
                    ),
                    _ => format!(
                        "Q({prefix}{relation}__isnull={})",
                        ["True", "False"][self.rng.below(2)]
                    ),
                };
            }
        }
        let fields = usable(self.schema, &end);
        let (field, kind) = self.rng.pick(&fields).clone();
        let (lookup, value) = self.comparison(model, &kind);
        format!("Q({prefix}{field}{lookup}={value})")
    }

    /// A lookup with a value that suits the kind.
    fn comparison(&mut self, model: &str, kind: &str) -> (String, String) {
        if self.rng.chance(10) {
            return (
                "__isnull".to_owned(),
                ["True", "False"][self.rng.below(2)].to_owned(),
            );
        }
        if self.rng.chance(12) {
            let path = self.path(model, 2, Some(kind));
            if !path.is_empty() {
                let lookup = *self.rng.pick(&["", "__lt", "__gte"]);
                return (lookup.to_owned(), format!("F(\"{path}\")"));
            }
        }
        let order = *self.rng.pick(&["", "__gt", "__gte", "__lt", "__lte"]);
        match family(kind) {
            "text" => {
                let word = *self
                    .rng
                    .pick(&["a", "S", "on", "%", "Salt", "x_y", "", "it's"]);
                let lookup = *self.rng.pick(&[
                    "",
                    "__iexact",
                    "__contains",
                    "__icontains",
                    "__startswith",
                    "__istartswith",
                    "__endswith",
                    "__gt",
                    "__in",
                ]);
                let value = if lookup == "__in" {
                    format!("[\"{word}\", \"b\"]")
                } else {
                    format!("\"{word}\"")
                };
                (lookup.to_owned(), value)
            }
            "bool" => (
                String::new(),
                ["True", "False"][self.rng.below(2)].to_owned(),
            ),
            "date" => match self.rng.below(4) {
                0 => (
                    (*self
                        .rng
                        .pick(&["__year", "__year__gte", "__month", "__week_day"]))
                    .to_owned(),
                    "2007".to_owned(),
                ),
                1 => (
                    "__range".to_owned(),
                    "(datetime.date(2000, 1, 1), datetime.date(2024, 2, 29))".to_owned(),
                ),
                _ => (order.to_owned(), "datetime.date(2016, 12, 31)".to_owned()),
            },
            "moment" => match self.rng.below(4) {
                0 => (
                    (*self
                        .rng
                        .pick(&["__year", "__year__lt", "__hour", "__date__day"]))
                    .to_owned(),
                    "8".to_owned(),
                ),
                1 => ("__date".to_owned(), "datetime.date(2024, 2, 29)".to_owned()),
                _ => (
                    order.to_owned(),
                    "datetime.datetime(2024, 3, 1, 8, 0, tzinfo=datetime.timezone.utc)".to_owned(),
                ),
            },
            "decimal" => (
                order.to_owned(),
                format!("Decimal(\"{}.50\")", self.rng.below(40)),
            ),
            "float" => (order.to_owned(), format!("{}.5", self.rng.below(6))),
            _ => match self.rng.below(4) {
                0 => (
                    "__in".to_owned(),
                    format!("[{}, {}]", self.rng.below(5), self.rng.below(300)),
                ),
                1 => (
                    "__range".to_owned(),
                    format!("({}, {})", self.rng.below(3), 3 + self.rng.below(200)),
                ),
                _ => (order.to_owned(), self.rng.below(200).to_string()),
            },
        }
    }

    fn exists(&mut self, model: &str) -> Term {
        let relations: Vec<(String, String)> = self
            .schema
            .iter()
            .flat_map(|(from, about)| {
                about
                    .relations
                    .iter()
                    .filter(|(_, to, _)| to == model)
                    .map(|(name, _, _)| (from.clone(), name.clone()))
            })
            .collect();
        if relations.is_empty() {
            let leaf = self.leaf(model);
            return text(&leaf);
        }
        let (from, name) = self.rng.pick(&relations).clone();
        let inner = self.leaf(&from);
        text(&format!(
            "Exists({from}.objects.filter({inner}, {name}=OuterRef(\"pk\")))"
        ))
    }

    fn annotation(&mut self, model: &str) -> Call {
        let name = format!("n{}", self.annotations.len());
        let (expression, kind) = match self.rng.below(6) {
            0 | 1 => (self.aggregate(model), "IntegerField"),
            2 => {
                let condition = self.leaf(model);
                (
                    format!("Case(When({condition}, then=Value(1)), default=Value(0))"),
                    "IntegerField",
                )
            }
            3 => {
                let path = self.path(model, 2, Some("CharField"));
                if path.is_empty() {
                    ("Value(\"v\")".to_owned(), "CharField")
                } else {
                    let function = *self.rng.pick(&["Upper", "Lower", "F"]);
                    (format!("{function}(\"{path}\")"), "CharField")
                }
            }
            4 => {
                let path = self.path(model, 1, Some("IntegerField"));
                if path.is_empty() {
                    ("Value(1)".to_owned(), "IntegerField")
                } else {
                    (
                        format!(
                            "F(\"{path}\") {} {}",
                            self.rng.pick(&["+", "-", "*"]),
                            self.rng.below(5)
                        ),
                        "IntegerField",
                    )
                }
            }
            _ => match self.exists(model) {
                Term::Text(made) if made.starts_with("Exists") => (made, "BooleanField"),
                _ => ("Value(True)".to_owned(), "BooleanField"),
            },
        };
        self.annotations.push((name.clone(), kind));
        let method = if self.rng.chance(85) {
            "annotate"
        } else {
            "alias"
        };
        call(method, vec![text(&format!("{name}={expression}"))])
    }

    fn aggregate(&mut self, model: &str) -> String {
        let mut path = self.path(model, 2, Some("IntegerField"));
        let function = if path.is_empty() {
            "Count"
        } else {
            *self.rng.pick(&["Count", "Sum", "Max", "Min"])
        };
        if function == "Count" {
            let (prefix, _) = self.walk(model, 2);
            path = format!("{prefix}pk");
        }
        let mut options = String::new();
        if function == "Count" && self.rng.chance(30) {
            options.push_str(", distinct=True");
        }
        if self.rng.chance(20) {
            let condition = self.leaf(model);
            options.push_str(&format!(", filter={condition}"));
        }
        format!("{function}(\"{path}\"{options})")
    }

    fn ordering(&mut self, model: &str) -> Call {
        let mut arguments = self.some_paths(model, 0);
        for argument in &mut arguments {
            if self.rng.chance(30)
                && let Term::Text(path) = argument
            {
                *path = path.replacen('"', "\"-", 1);
            }
        }
        arguments.push(text("\"pk\""));
        call("order_by", arguments)
    }

    fn some_paths(&mut self, model: &str, least: usize) -> Vec<Term> {
        let mut paths: Vec<String> = Vec::new();
        for _ in 0..least + self.rng.below(3) {
            let path = self.path(model, 2, None);
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        paths
            .iter()
            .map(|path| text(&format!("\"{path}\"")))
            .collect()
    }

    /// A path to a field, of one kind if that is wanted; empty if there is none.
    fn path(&mut self, model: &str, depth: usize, kind: Option<&str>) -> String {
        for _ in 0..6 {
            let (prefix, end) = self.walk(model, depth);
            let fields: Vec<(String, String)> = usable(self.schema, &end)
                .into_iter()
                .filter(|(_, each)| kind.is_none_or(|kind| family(each) == family(kind)))
                .collect();
            if !fields.is_empty() {
                return format!("{prefix}{}", self.rng.pick(&fields).0);
            }
        }
        String::new()
    }

    /// Follows relations: the path so far, with `__` at its end, and the model.
    fn walk(&mut self, model: &str, depth: usize) -> (String, String) {
        let (mut prefix, mut at) = (String::new(), model.to_owned());
        for _ in 0..depth {
            let relations = &self.schema[&at].relations;
            if relations.is_empty() || self.rng.chance(45) {
                break;
            }
            let (name, to, _) = self.rng.pick(relations).clone();
            prefix.push_str(&name);
            prefix.push_str("__");
            at = to;
        }
        (prefix, at)
    }

    /// A path over relations to one only.
    fn single_path(&mut self, model: &str) -> Option<String> {
        let (mut path, mut at) = (Vec::new(), model.to_owned());
        for _ in 0..2 {
            let single: Vec<(String, String)> = self.schema[&at]
                .relations
                .iter()
                .filter(|(_, _, many)| !many)
                .map(|(name, to, _)| (name.clone(), to.clone()))
                .collect();
            if single.is_empty() || (!path.is_empty() && self.rng.chance(50)) {
                break;
            }
            let (name, to) = self.rng.pick(&single).clone();
            path.push(name);
            at = to;
        }
        (!path.is_empty()).then(|| path.join("__"))
    }

    fn own_field(&mut self, model: &str) -> String {
        let fields = usable(self.schema, model);
        self.rng.pick(&fields).0.clone()
    }
}

/// Fields that can be compared, and the primary key by its other name.
fn usable(schema: &Schema, model: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = schema[model]
        .fields
        .iter()
        .filter(|(_, kind)| {
            !matches!(
                kind.as_str(),
                "JSONField" | "UUIDField" | "TimeField" | "DurationField"
            )
        })
        .cloned()
        .collect();
    if fields
        .iter()
        .any(|(name, kind)| name == "id" && kind == "BigAutoField")
    {
        fields.push(("pk".to_owned(), "BigAutoField".to_owned()));
    }
    if fields.is_empty() {
        fields.push(("pk".to_owned(), "BigAutoField".to_owned()));
    }
    fields
}

/// Kinds that take the same values.
fn family(kind: &str) -> &'static str {
    match kind {
        "CharField" | "TextField" | "SlugField" | "EmailField" | "URLField" => "text",
        "BooleanField" => "bool",
        "DateField" => "date",
        "DateTimeField" => "moment",
        "DecimalField" => "decimal",
        "FloatField" => "float",
        _ => "int",
    }
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
