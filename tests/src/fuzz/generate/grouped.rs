//! Aggregates and windows.

use super::Maker;

impl Maker<'_> {
    /// An aggregate, and its kind.
    pub(super) fn aggregate(&mut self, model: &str) -> (String, &'static str) {
        if self.rng.chance(12) {
            let first = self.plain_aggregate(model);
            let second = self.plain_aggregate(model);
            let shape = *self.rng.pick(&[
                "@ + #",
                "@ * 1.0 / #",
                "Coalesce(@, #, 0)",
                "Greatest(@, #)",
                "@ - 1",
                "ExpressionWrapper(@ / (# + 1), output_field=FloatField())",
                "Case(When(Q(pk__gt=2), then=@), default=#)",
                "NullIf(@, #)",
                "Cast(@, FloatField())",
                "Abs(@)",
            ]);
            return (
                shape.replace('@', &first).replace('#', &second),
                "IntegerField",
            );
        }
        if self.rng.chance(12) {
            let (inner, kind) = self.scalar(model, 1);
            let function = *self.rng.pick(&["Max", "Min", "Count"]);
            let kind = if function == "Count" {
                "IntegerField"
            } else {
                kind
            };
            return (format!("{function}({inner})"), kind);
        }
        if self.rng.chance(12) {
            let kind = *self.rng.pick(&[
                "CharField",
                "DateField",
                "DecimalField",
                "FloatField",
                "DateTimeField",
                "DurationField",
                "TimeField",
                "BooleanField",
            ]);
            let path = self.path(model, 2, Some(kind));
            if !path.is_empty() {
                let function = match kind {
                    "DecimalField" | "FloatField" => {
                        *self.rng.pick(&["Sum", "Avg", "Max", "StdDev", "Variance"])
                    }
                    "DurationField" => *self.rng.pick(&["Sum", "Avg", "Max", "Min"]),
                    "BooleanField" => *self.rng.pick(&["AnyValue", "Count", "Max"]),
                    _ => *self.rng.pick(&["Max", "Min", "AnyValue"]),
                };
                return (format!("{function}(\"{path}\")"), kind);
            }
        }
        if self.rng.chance(4) {
            let path = self.path(model, 2, Some("CharField"));
            if !path.is_empty() {
                let order = if self.rng.chance(50) {
                    format!(", order_by=\"{path}\"")
                } else {
                    String::new()
                };
                return (
                    format!("StringAgg(\"{path}\", Value(\";\"){order})"),
                    "CharField",
                );
            }
        }
        (self.plain_aggregate(model), "IntegerField")
    }

    fn plain_aggregate(&mut self, model: &str) -> String {
        let mut path = self.path(model, 2, Some("IntegerField"));
        let function = if path.is_empty() {
            "Count"
        } else {
            *self.rng.pick(&[
                "Count", "Sum", "Max", "Min", "Avg", "StdDev", "Variance", "Sum",
            ])
        };
        if function == "Count" {
            let (prefix, _) = self.walk(model, 2);
            path = format!("{prefix}pk");
            if self.rng.chance(25) {
                let relation = self.relation_path(model);
                if !relation.is_empty() {
                    path = relation;
                }
            }
        }
        let mut options = String::new();
        if matches!(function, "Count" | "Sum" | "Avg") && self.rng.chance(30) {
            options.push_str(", distinct=True");
        }
        if self.rng.chance(20) {
            let condition = if self.rng.chance(80) {
                self.leaf(model)
            } else {
                self.condition(model, 1).to_string()
            };
            options.push_str(&format!(", filter={condition}"));
        }
        if function != "Count" && self.rng.chance(10) {
            options.push_str(self.rng.pick(&[
                ", default=0",
                ", default=Value(0)",
                ", default=Value(1) + 1",
                ", default=F(\"pk\")",
            ]));
        }
        if matches!(function, "StdDev" | "Variance") && self.rng.chance(20) {
            options.push_str(", sample=True");
        }
        if self.rng.chance(5) {
            let (inner, _) = self.scalar(model, 1);
            return format!("{function}({inner}{options})");
        }
        if function == "Count" && self.rng.chance(4) {
            return "Count(\"*\")".to_owned();
        }
        format!("{function}(\"{path}\"{options})")
    }

    /// A window over the rows, and its kind.
    pub(super) fn window(&mut self, model: &str) -> (String, &'static str) {
        let number = self.path(model, 1, Some("IntegerField"));
        let number = if number.is_empty() {
            "pk".to_owned()
        } else {
            number
        };
        let function = self
            .rng
            .pick(&[
                "RowNumber()",
                "Rank()",
                "DenseRank()",
                "Ntile(2)",
                "Lag(\"@\")",
                "Lead(\"@\", 2)",
                "Lag(\"@\", 1, default=Value(0))",
                "FirstValue(\"@\")",
                "LastValue(\"@\")",
                "NthValue(\"@\", 2)",
                "Sum(\"@\")",
                "Max(\"@\")",
                "Count(\"pk\")",
                "Avg(\"@\")",
                "CumeDist()",
                "PercentRank()",
                "Sum(F(\"@\") + 1)",
                "Lag(F(\"@\") * 2)",
                "Sum(\"@\", filter=Q(pk__gt=1))",
                "StdDev(\"@\")",
            ])
            .replace('@', &number);
        let mut options = String::new();
        if self.rng.chance(55) {
            let path = self.path(model, 1, None);
            let partition = match self.rng.below(4) {
                0 => format!("F(\"{path}\")"),
                1 => format!("[\"{path}\", \"pk\"]"),
                2 => format!("[F(\"{path}\")]"),
                _ => format!("\"{path}\""),
            };
            options.push_str(&format!(", partition_by={partition}"));
        }
        let path = self.path(model, 1, None);
        let order = match self.rng.below(4) {
            0 => "\"-pk\"".to_owned(),
            1 => format!("[\"{path}\", \"pk\"]"),
            2 => format!("[F(\"{path}\").desc(nulls_last=True), \"pk\"]"),
            _ => format!("[\"-{path}\", \"-pk\"]"),
        };
        if self.rng.chance(85) {
            options.push_str(&format!(", order_by={order}"));
        }
        if self.rng.chance(20) {
            let frame = *self.rng.pick(&[
                "RowRange(start=None, end=0)",
                "RowRange(start=-1, end=1)",
                "RowRange(start=0, end=None)",
                "ValueRange(start=None, end=0)",
                "RowRange(start=-2, end=0, exclusion=WindowFrameExclusion.CURRENT_ROW)",
                "RowRange()",
                "RowRange(start=1, end=2)",
                "RowRange(start=None, end=None, exclusion=WindowFrameExclusion.TIES)",
                "ValueRange()",
            ]);
            options.push_str(&format!(", frame={frame}"));
        }
        let made = format!("Window({function}{options})");
        if self.rng.chance(15) {
            let shape = *self.rng.pick(&[
                "@ + 1",
                "@ * 2 - F(\"pk\")",
                "Coalesce(@, 0)",
                "Cast(@, IntegerField())",
            ]);
            return (shape.replace('@', &made), "IntegerField");
        }
        (made, "IntegerField")
    }
}
