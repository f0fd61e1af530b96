//! Expressions over one row: functions, arithmetic, cases, subqueries.

use super::Maker;
use super::functions::{
    BETWEEN, CLOCK, COUNTS, DAY, DOCUMENT, FRACTION, MOMENT, PARTS, SPAN, TEXT, TEXTS, TIME, TRUTH,
    WHOLE, WHOLES,
};

impl Maker<'_> {
    /// What an annotation may be, and its kind.
    pub(super) fn annotated(&mut self, model: &str) -> (String, &'static str) {
        match self.rng.below(13) {
            0..=2 => self.aggregate(model),
            12 => self.constant(),
            3 => self.case(model),
            4 => self.window(model),
            5 => match self.correlated(model) {
                Some((_, queryset)) => (format!("Exists({queryset})"), "BooleanField"),
                None => ("Value(True)".to_owned(), "BooleanField"),
            },
            6 | 7 => self.subquery(model),
            8 => {
                let condition = self.condition(model, 1).to_string();
                (
                    format!("ExpressionWrapper({condition}, output_field=BooleanField())"),
                    "BooleanField",
                )
            }
            _ => self.scalar(model, 2),
        }
    }

    /// An expression that asks no column.
    fn constant(&mut self) -> (String, &'static str) {
        let (text, kind) = *self.rng.pick(&[
            ("Value(5)", "IntegerField"),
            ("Value(\"x%\")", "CharField"),
            ("Value(None, output_field=IntegerField())", "IntegerField"),
            ("Value(None, CharField())", "CharField"),
            ("Value(datetime.date(2020, 2, 2))", "DateField"),
            ("Value(Decimal(\"1.50\"))", "DecimalField"),
            ("Value(True)", "BooleanField"),
            ("Value(datetime.timedelta(days=2))", "DurationField"),
            ("Value(uuid.UUID(int=7))", "UUIDField"),
            ("RawSQL(\"1 + %s\", (2,))", "IntegerField"),
            (
                "RawSQL(\"upper(%s)\", [\"q\"], output_field=CharField())",
                "CharField",
            ),
            ("Pi()", "FloatField"),
            ("Cast(Value(\"12\"), IntegerField())", "IntegerField"),
            ("Value(3) + Value(4)", "IntegerField"),
            ("Case(default=Value(1))", "IntegerField"),
        ]);
        (text.to_owned(), kind)
    }

    pub(super) fn case(&mut self, model: &str) -> (String, &'static str) {
        let mut whens = Vec::new();
        for place in 0..=self.rng.below(2) {
            let condition = if self.rng.chance(70) {
                self.leaf(model)
            } else {
                self.condition(model, 1).to_string()
            };
            let then = if self.rng.chance(25) {
                self.typed(model, "IntegerField", 1)
                    .unwrap_or_else(|| "F(\"pk\")".to_owned())
            } else {
                format!("Value({place})")
            };
            whens.push(format!("When({condition}, then={then})"));
        }
        let default = *self.rng.pick(&[
            ", default=Value(9)",
            "",
            ", default=F(\"pk\")",
            ", default=None, output_field=IntegerField()",
        ]);
        (
            format!("Case({}{default})", whens.join(", ")),
            "IntegerField",
        )
    }

    /// A value from another table for each row.
    pub(super) fn subquery(&mut self, model: &str) -> (String, &'static str) {
        let Some((from, queryset)) = self.correlated(model) else {
            return ("Value(1)".to_owned(), "IntegerField");
        };
        match self.rng.below(6) {
            4 => (
                format!("Subquery({queryset}.annotate(c=Count(\"pk\")).values(\"c\")[:1])"),
                "IntegerField",
            ),
            5 => {
                let (inner, kind) = self.within(|maker| maker.scalar(&from, 1));
                let end = *self.rng.pick(&[
                    ".values(\"s\")[:1]",
                    ".values_list(\"s\", flat=True)[1:2]",
                    ".values(\"s\").distinct().order_by(\"s\")[:1]",
                ]);
                let made = format!("{queryset}.order_by(\"pk\").annotate(s={inner}){end}");
                if self.rng.chance(20) {
                    (format!("Coalesce(Subquery({made}), None)"), kind)
                } else {
                    (format!("Subquery({made})"), kind)
                }
            }
            0 => {
                let path = self.within(|maker| maker.path(&from, 1, Some("IntegerField")));
                if path.is_empty() {
                    return (format!("Exists({queryset})"), "BooleanField");
                }
                let function = *self.rng.pick(&["Sum", "Max", "Count"]);
                (
                    format!(
                        "Subquery({queryset}.order_by().values(\"{}\").annotate(x={function}(\"{path}\")).values(\"x\")[:1])",
                        self.rng.pick(&["pk", "id"])
                    ),
                    "IntegerField",
                )
            }
            1 => (
                format!("Subquery({queryset}.order_by(\"-pk\").values(\"pk\")[:1])"),
                "IntegerField",
            ),
            _ => {
                let kind = *self.rng.pick(&["CharField", "IntegerField", "DateField"]);
                let path = self.within(|maker| maker.path(&from, 1, Some(kind)));
                if path.is_empty() {
                    return (format!("Exists({queryset})"), "BooleanField");
                }
                (
                    format!(
                        "Subquery({queryset}.order_by(\"{path}\", \"pk\").values(\"{path}\")[:1])"
                    ),
                    kind,
                )
            }
        }
    }

    /// An expression that is neither aggregate nor window.
    pub(super) fn scalar(&mut self, model: &str, depth: usize) -> (String, &'static str) {
        let kind = *self.rng.pick(&[
            "CharField",
            "CharField",
            "IntegerField",
            "IntegerField",
            "IntegerField",
            "DateField",
            "DateTimeField",
            "DecimalField",
            "FloatField",
            "BooleanField",
            "TimeField",
            "DurationField",
            "JSONField",
        ]);
        match self.typed(model, kind, depth) {
            Some(made) => (made, kind),
            None => (
                self.typed(model, "IntegerField", depth)
                    .unwrap_or_else(|| "F(\"pk\")".to_owned()),
                "IntegerField",
            ),
        }
    }

    /// An expression of this kind, if the models have a field for it.
    pub(super) fn typed(
        &mut self,
        model: &str,
        kind: &'static str,
        depth: usize,
    ) -> Option<String> {
        if self.inside == 0 && !self.annotations.is_empty() && self.rng.chance(20) {
            let (name, known) = self.rng.pick(&self.annotations).clone();
            if known == kind {
                return Some(format!("F(\"{name}\")"));
            }
        }
        let path = self.path(model, 2, Some(kind));
        if path.is_empty() {
            return None;
        }
        let field = self.field(&path, kind);
        if depth == 0 || self.rng.chance(15) {
            return Some(field);
        }
        let inner = if self.rng.chance(50) {
            self.typed(model, kind, depth - 1)?
        } else {
            field
        };
        Some(match kind {
            "CharField" if self.rng.chance(25) => self.both(model, kind, &inner, depth, TEXTS),
            "CharField" => self.pick_around(&inner, TEXT),
            "IntegerField" => self.whole(model, &inner, depth),
            "DateField" | "DateTimeField" if self.rng.chance(15) => {
                self.both(model, kind, &inner, depth, BETWEEN)
            }
            "DateField" => self.pick_around(&inner, DAY),
            "DateTimeField" => self.pick_around(&inner, MOMENT),
            "TimeField" => self.pick_around(&inner, TIME),
            "DurationField" => self.pick_around(&inner, SPAN),
            "BooleanField" => self.pick_around(&inner, TRUTH),
            "JSONField" => self.pick_around(&inner, DOCUMENT),
            _ => self.pick_around(&inner, FRACTION),
        })
    }

    /// A field by its path: sometimes a piece of it, or through a transform.
    fn field(&mut self, path: &str, kind: &str) -> String {
        match kind {
            "CharField" if self.rng.chance(6) => {
                let piece = *self.rng.pick(&["0:3", "1:", "2", ":4"]);
                format!("F(\"{path}\")[{piece}]")
            }
            "JSONField" if self.rng.chance(50) => {
                let key = *self
                    .rng
                    .pick(&["total", "to__city", "lines__0", "0", "none"]);
                format!("F(\"{path}__{key}\")")
            }
            _ => format!("F(\"{path}\")"),
        }
    }

    /// A shape with two expressions of the kind.
    fn both(
        &mut self,
        model: &str,
        kind: &'static str,
        inner: &str,
        depth: usize,
        shapes: &[&str],
    ) -> String {
        let other = self
            .typed(model, kind, depth - 1)
            .unwrap_or_else(|| inner.to_owned());
        self.pick_around(inner, shapes).replace('#', &other)
    }

    fn whole(&mut self, model: &str, inner: &str, depth: usize) -> String {
        let from = |maker: &mut Self, kind, shapes| {
            maker
                .typed(model, kind, depth - 1)
                .map(|inner| maker.pick_around(&inner, shapes))
        };
        let made = match self.rng.below(7) {
            0 => Some(self.both(model, "IntegerField", inner, depth, WHOLES)),
            1 => from(self, "CharField", COUNTS),
            2 => from(self, "DateField", PARTS),
            3 => from(self, "DateTimeField", PARTS),
            4 => {
                let kind = *self.rng.pick(&["DateTimeField", "TimeField"]);
                from(self, kind, CLOCK)
            }
            _ => None,
        };
        made.unwrap_or_else(|| self.pick_around(inner, WHOLE))
    }

    /// One of these shapes, `@` being the expression.
    fn pick_around(&mut self, inner: &str, shapes: &[&str]) -> String {
        let whole = if super::ends_in_call(inner) {
            inner.to_owned()
        } else {
            format!("({inner})")
        };
        self.rng.pick(shapes).replace('@', &whole)
    }
}
