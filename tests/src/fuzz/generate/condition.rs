//! Conditions: `Q`, its trees, `Exists`.

use super::paths::usable;
use super::{Maker, text};
use crate::fuzz::chain::Term;

impl Maker<'_> {
    pub(super) fn condition(&mut self, model: &str, depth: usize) -> Term {
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
            let made = self.exists(model);
            return text(&made);
        }
        if self.inside == 0 && !self.annotations.is_empty() && self.rng.chance(20) {
            let (name, kind) = self.rng.pick(&self.annotations).clone();
            let (lookup, value) = self.comparison(model, kind);
            return text(&format!("Q({name}{lookup}={value})"));
        }
        if self.rng.chance(4) {
            let made = self.truth(model);
            return text(&made);
        }
        if self.rng.chance(4) {
            let (expression, kind) = self.scalar(model, 1);
            let (lookup, value) = self.comparison(model, kind);
            let class = match lookup.as_str() {
                "__gt" => "GreaterThan",
                "__gte" => "GreaterThanOrEqual",
                "__lt" => "LessThan",
                "__lte" => "LessThanOrEqual",
                "__isnull" => "IsNull",
                "__in" => "In",
                "__range" => "Range",
                "__contains" => "Contains",
                "__startswith" => "StartsWith",
                "__iexact" => "IExact",
                "__regex" => "Regex",
                _ => "Exact",
            };
            if lookup.is_empty() || class != "Exact" {
                return text(&format!("lookups.{class}({expression}, {value})"));
            }
        }
        let leaf = self.leaf(model);
        text(&leaf)
    }

    /// A condition on one field or relation.
    pub(super) fn leaf(&mut self, model: &str) -> String {
        let (prefix, end) = self.walk(model, 3);
        if self.rng.chance(12) {
            let relations = &self.schema[&end].relations;
            if !relations.is_empty() {
                let relation = self.rng.pick(relations).0.clone();
                return match self.rng.below(8) {
                    4 => format!("Q({prefix}{relation}=None)"),
                    5 => {
                        let to = self.relation_model(&end, &relation);
                        let number = 1 + self.rng.below(3);
                        format!(
                            "Q({prefix}{relation}__pk__gt={to}.objects.order_by(\"pk\").values(\"pk\")[{number}:{}])",
                            number + 1
                        )
                    }
                    6 => {
                        let other = self.relation_path(model);
                        if other.is_empty() {
                            format!("Q({prefix}{relation}__lt=3)")
                        } else {
                            format!("Q({prefix}{relation}=F(\"{other}\"))")
                        }
                    }
                    3 => {
                        let to = self.relation_model(&end, &relation);
                        let inner = self.within(|maker| maker.leaf(&to));
                        let tail = *self.rng.pick(&[
                            "",
                            ".values(\"pk\")",
                            ".values_list(\"pk\", flat=True)",
                            ".order_by(\"pk\")[:2]",
                            ".distinct()",
                            ".none()",
                            ".annotate(c=Count(\"pk\")).filter(c__gt=0)",
                        ]);
                        format!("Q({prefix}{relation}__in={to}.objects.filter({inner}){tail})")
                    }
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
        let (lookup, value) = if kind == "JSONField" {
            self.json()
        } else {
            self.comparison(model, &kind)
        };
        format!("Q({prefix}{field}{lookup}={value})")
    }

    /// An expression that is a condition by itself.
    fn truth(&mut self, model: &str) -> String {
        let path = self.path(model, 1, Some("BooleanField"));
        match self.rng.below(4) {
            0 | 1 if !path.is_empty() => {
                let shape = *self.rng.pick(&[
                    "Q(F(\"@\"))",
                    "Q(~F(\"@\"))",
                    "Q(Coalesce(F(\"@\"), False))",
                ]);
                shape.replace('@', &path)
            }
            2 => {
                let leaf = self.leaf(model);
                format!("Q(Case(When({leaf}, then=Value(True)), default=Value(False)))")
            }
            3 => (*self.rng.pick(&[
                "Q()",
                "Q(Value(True))",
                "Q(Value(False))",
                "Q(pk__in=[])",
                "~Q(pk__in=[])",
                "~Q()",
            ]))
            .to_owned(),
            _ => {
                let leaf = self.leaf(model);
                format!("Q(ExpressionWrapper({leaf}, output_field=BooleanField()))")
            }
        }
    }

    /// Something made for a subquery.
    pub(super) fn within<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> T {
        self.inside += 1;
        let made = make(self);
        self.inside -= 1;
        made
    }

    /// A queryset of the models that lead to this one, for each of its rows.
    pub(super) fn correlated(&mut self, model: &str) -> Option<(String, String)> {
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
            return None;
        }
        let (from, name) = self.rng.pick(&relations).clone();
        let inner = self.within(|maker| maker.leaf(&from));
        let outer = if self.rng.chance(80) {
            "OuterRef(\"pk\")".to_owned()
        } else if self.rng.chance(20) {
            "OuterRef(\"pk\") + 1".to_owned()
        } else {
            let fields = super::paths::usable(self.schema, model);
            let whole: Vec<String> = fields
                .into_iter()
                .filter(|(_, kind)| super::paths::family(kind) == "int")
                .map(|(name, _)| name)
                .collect();
            if whole.is_empty() {
                "OuterRef(\"pk\")".to_owned()
            } else {
                format!("OuterRef(\"{}\")", self.rng.pick(&whole))
            }
        };
        let queryset = match self.rng.below(7) {
            4 => {
                // One level further down, asking the outermost row.
                let relations = &self.schema[&from].relations;
                match relations.is_empty() {
                    true => format!("{from}.objects.filter({name}={outer})"),
                    false => {
                        let (step, to, _) = self.rng.pick(relations).clone();
                        format!(
                            "{from}.objects.filter(Exists({to}.objects.filter(pk=OuterRef(\"{step}\"), pk__gte=OuterRef(OuterRef(\"pk\")))), {name}={outer})"
                        )
                    }
                }
            }
            5 => format!("{from}.objects.annotate(o=OuterRef(\"pk\")).filter({name}=F(\"o\"))"),
            0 => format!("{from}.objects.filter({name}={outer}).exclude({inner})"),
            1 => format!("{from}.objects.filter({name}={outer})"),
            _ => format!("{from}.objects.filter({inner}, {name}={outer})"),
        };
        Some((from, queryset))
    }

    pub(super) fn exists(&mut self, model: &str) -> String {
        match self.correlated(model) {
            Some((_, queryset)) => {
                let tail = *self.rng.pick(&[
                    "",
                    "",
                    "",
                    "[:1]",
                    ".order_by(\"pk\")",
                    ".distinct()",
                    ".values(\"pk\")",
                ]);
                format!("Exists({queryset}{tail})")
            }
            None => self.leaf(model),
        }
    }
}
