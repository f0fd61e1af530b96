//! Expressions over one row: functions, arithmetic, cases, subqueries.

use super::Maker;

impl Maker<'_> {
    /// What an annotation may be, and its kind.
    pub(super) fn annotated(&mut self, model: &str) -> (String, &'static str) {
        match self.rng.below(12) {
            0..=2 => self.aggregate(model),
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

    fn case(&mut self, model: &str) -> (String, &'static str) {
        let mut whens = Vec::new();
        for place in 0..=self.rng.below(2) {
            let condition = if self.rng.chance(70) {
                self.leaf(model)
            } else {
                self.condition(model, 1).to_string()
            };
            whens.push(format!("When({condition}, then=Value({place}))"));
        }
        let default = *self
            .rng
            .pick(&[", default=Value(9)", "", ", default=F(\"pk\")"]);
        (
            format!("Case({}{default})", whens.join(", ")),
            "IntegerField",
        )
    }

    /// A value from another table for each row.
    fn subquery(&mut self, model: &str) -> (String, &'static str) {
        let Some((from, queryset)) = self.correlated(model) else {
            return ("Value(1)".to_owned(), "IntegerField");
        };
        match self.rng.below(4) {
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
            "DateField",
            "DateTimeField",
            "DecimalField",
            "FloatField",
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
    fn typed(&mut self, model: &str, kind: &'static str, depth: usize) -> Option<String> {
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
        let field = format!("F(\"{path}\")");
        if depth == 0 || self.rng.chance(15) {
            return Some(field);
        }
        let inner = if self.rng.chance(50) {
            self.typed(model, kind, depth - 1)?
        } else {
            field
        };
        Some(match kind {
            "CharField" => self.words(model, &inner, depth),
            "IntegerField" => self.whole(model, &inner, depth),
            "DateField" => self.pick_around(
                &inner,
                &[
                    "TruncMonth(@)",
                    "TruncYear(@)",
                    "TruncWeek(@)",
                    "TruncQuarter(@)",
                    "TruncDay(@)",
                    "Coalesce(@, datetime.date(2020, 1, 1))",
                    "Cast(@, DateField())",
                    "ExpressionWrapper(@, output_field=DateField())",
                ],
            ),
            "DateTimeField" => self.pick_around(
                &inner,
                &[
                    "TruncHour(@)",
                    "TruncMonth(@)",
                    "TruncMinute(@)",
                    "TruncDate(@)",
                    "TruncWeek(@)",
                    "Trunc(@, \"quarter\")",
                    "@ + datetime.timedelta(days=1, hours=2)",
                    "ExpressionWrapper(@ - datetime.timedelta(minutes=5), output_field=DateTimeField())",
                ],
            ),
            _ => self.pick_around(
                &inner,
                &[
                    "Round(@)",
                    "Round(@, precision=1)",
                    "Floor(@)",
                    "Ceil(@)",
                    "Abs(@)",
                    "@ * 2",
                    "@ + @",
                    "@ / 3",
                    "-@",
                    "Coalesce(@, Value(0), output_field=FloatField())",
                    "Cast(@, IntegerField())",
                    "Cast(@, CharField())",
                    "Sqrt(Abs(@))",
                    "Power(@, 2)",
                    "ExpressionWrapper(@ * 3 - 1, output_field=FloatField())",
                    "NullIf(@, @)",
                    "Sign(@)",
                ],
            ),
        })
    }

    fn words(&mut self, model: &str, inner: &str, depth: usize) -> String {
        match self.rng.below(4) {
            0 => {
                let other = self
                    .typed(model, "CharField", depth - 1)
                    .unwrap_or_else(|| "Value(\"z\")".to_owned());
                let function = *self.rng.pick(&[
                    "Concat(@, Value(\"-\"), #)",
                    "Coalesce(@, #)",
                    "Greatest(@, #)",
                    "Replace(@, #, Value(\"*\"))",
                ]);
                function.replace('@', inner).replace('#', &other)
            }
            _ => self.pick_around(
                inner,
                &[
                    "Upper(@)",
                    "Lower(@)",
                    "Trim(@)",
                    "LTrim(@)",
                    "Left(@, 3)",
                    "Right(@, 2)",
                    "Substr(@, 2, 2)",
                    "Substr(@, 2)",
                    "Reverse(@)",
                    "Replace(@, Value(\"a\"), Value(\"%\"))",
                    "Repeat(@, 2)",
                    "LPad(@, 8, Value(\".\"))",
                    "RPad(@, 6)",
                    "NullIf(@, Value(\"Salt\"))",
                    "Coalesce(@, Value(\"none\"))",
                    "Concat(@, Value(\"%s\"))",
                    "MD5(@)",
                    "Cast(@, CharField(max_length=5))",
                    "Collate(@, \"NOCASE\")",
                    "Func(@, function=\"QUOTE\", output_field=CharField())",
                    "SHA1(@)",
                ],
            ),
        }
    }

    fn whole(&mut self, model: &str, inner: &str, depth: usize) -> String {
        match self.rng.below(5) {
            0 => {
                let other = self
                    .typed(model, "IntegerField", depth - 1)
                    .unwrap_or_else(|| "Value(2)".to_owned());
                let shape = *self.rng.pick(&[
                    "@ + #",
                    "@ - #",
                    "(@ + 1) * #",
                    "@ - (# - 2)",
                    "Greatest(@, #)",
                    "Least(@, #, 3)",
                    "Coalesce(@, #)",
                    "Mod(@, # + 1)",
                    "@ / (# + 1)",
                    "@ % 3",
                ]);
                shape.replace('@', inner).replace('#', &other)
            }
            1 => match self.typed(model, "CharField", depth - 1) {
                Some(word) => self.pick_around(
                    &word,
                    &[
                        "Length(@)",
                        "StrIndex(@, Value(\"a\"))",
                        "Ord(@)",
                        "Length(@) * 2",
                    ],
                ),
                None => format!("{inner} + 1"),
            },
            2 => {
                let kind = *self.rng.pick(&["DateField", "DateTimeField"]);
                match self.typed(model, kind, depth - 1) {
                    Some(day) => self.pick_around(
                        &day,
                        &[
                            "ExtractYear(@)",
                            "ExtractMonth(@)",
                            "ExtractWeekDay(@)",
                            "ExtractQuarter(@)",
                            "Extract(@, \"week\")",
                            "ExtractIsoYear(@)",
                            "Extract(@, \"day\") + 1",
                        ],
                    ),
                    None => format!("{inner} - 1"),
                }
            }
            _ => self.pick_around(
                inner,
                &[
                    "@ + 1",
                    "@ * 2",
                    "2 - @",
                    "-@",
                    "Abs(@)",
                    "Sign(@)",
                    "Cast(@, IntegerField())",
                    "Cast(@, FloatField())",
                    "Coalesce(@, 0)",
                    "NullIf(@, 2)",
                    "@.bitand(6)",
                    "@.bitor(1)",
                    "@.bitleftshift(1)",
                    "@ ** 2",
                    "Value(7) - @",
                ],
            ),
        }
    }

    /// One of these shapes, `@` being the expression.
    fn pick_around<const N: usize>(&mut self, inner: &str, shapes: &[&str; N]) -> String {
        let whole = if super::ends_in_call(inner) {
            inner.to_owned()
        } else {
            format!("({inner})")
        };
        self.rng.pick(shapes.as_slice()).replace('@', &whole)
    }
}
