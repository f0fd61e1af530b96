//! Statements that change rows; all is rolled back after them.

use super::paths::family;
use super::{Maker, call};
use crate::fuzz::chain::{Call, Chain};

impl Maker<'_> {
    /// A queryset that is updated or deleted, with the rows it leaves.
    pub(super) fn written(&mut self, model: &str) -> Chain {
        let mut calls: Vec<Call> = Vec::new();
        for _ in 0..1 + self.rng.below(2) {
            let condition = self.condition(model, 1);
            let method = *self.rng.pick(&["filter", "filter", "exclude"]);
            calls.push(call(method, vec![condition]));
        }
        if self.rng.chance(15) {
            let annotation = self.annotation(model);
            calls.push(annotation);
        }
        if self.rng.chance(10) {
            let ordering = self.ordering(model);
            calls.push(ordering);
        }
        let action = match self.rng.below(10) {
            0..=2 => "print(QUERYSET.delete())".to_owned(),
            3 => {
                let changes = self.changes(model);
                format!(
                    "rows = list(QUERYSET)\n    for row in rows:\n        row.{}\n    print({model}.objects.bulk_update(rows, [{}]))",
                    changes
                        .iter()
                        .map(|(name, value)| format!("{name} = {value}"))
                        .collect::<Vec<_>>()
                        .join("; row."),
                    changes
                        .iter()
                        .map(|(name, _)| format!("\"{name}\""))
                        .collect::<Vec<_>>()
                        .join(", ")
                )
            }
            4 => "for row in QUERYSET:\n        print(row.delete())".to_owned(),
            5 => {
                let changes = self.changes(model);
                let defaults: Vec<String> = changes
                    .iter()
                    .map(|(name, value)| format!("\"{name}\": {value}"))
                    .collect();
                format!(
                    "print(QUERYSET.update_or_create(pk={}, defaults={{{}}}))",
                    1 + self.rng.below(4),
                    defaults.join(", ")
                )
            }
            _ => {
                let changes: Vec<String> = self
                    .changes(model)
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                format!("print(QUERYSET.update({}))", changes.join(", "))
            }
        };
        Chain {
            model: model.to_owned(),
            calls,
            shape: format!(
                "with transaction.atomic():\n    {action}\n    print(list({model}.objects.order_by(\"pk\").values()))\n    transaction.set_rollback(True)"
            ),
        }
    }

    /// New values for one or two columns.
    fn changes(&mut self, model: &str) -> Vec<(String, String)> {
        let about = &self.schema[model];
        let mut changes: Vec<(String, String)> = Vec::new();
        if about.writable.is_empty() {
            return vec![("pk".to_owned(), "77".to_owned())];
        }
        for _ in 0..1 + self.rng.below(2) {
            let name = self.rng.pick(&about.writable).clone();
            if changes.iter().any(|(known, _)| *known == name) {
                continue;
            }
            let kind = about
                .fields
                .iter()
                .find(|(field, _)| *field == name)
                .map(|(_, kind)| kind.clone());
            let value = match kind {
                None => (*self.rng.pick(&["None", "1", "2", "F(\"pk\")"])).to_owned(),
                Some(kind) => self.new_value(model, &kind, &name),
            };
            changes.push((name, value));
        }
        changes
    }

    fn new_value(&mut self, model: &str, kind: &str, name: &str) -> String {
        let (wanted, plain): (&str, &[&str]) = match family(kind) {
            "text" => (
                "CharField",
                &[
                    "\"new\"",
                    "Upper(\"@\")",
                    "Concat(F(\"@\"), F(\"pk\"))",
                    "\"\"",
                ],
            ),
            "int" => (
                "IntegerField",
                &["7", "F(\"@\") + 1", "Value(3) * F(\"@\")", "None"],
            ),
            "float" => ("FloatField", &["1.5", "F(\"@\") / 2", "None"]),
            "decimal" => ("DecimalField", &["Decimal(\"3.10\")", "F(\"@\") * 2", "9"]),
            "bool" => (
                "BooleanField",
                &["True", "False", "None", "~F(\"@\")", "Q(pk__gt=2)"],
            ),
            "date" => (
                "DateField",
                &[
                    "datetime.date(2021, 3, 4)",
                    "F(\"@\") + datetime.timedelta(days=1)",
                    "\"2020-01-01\"",
                    "None",
                ],
            ),
            "moment" => (
                "DateTimeField",
                &[
                    "datetime.datetime(2021, 3, 4, 5, tzinfo=datetime.timezone.utc)",
                    "F(\"@\") - datetime.timedelta(hours=1)",
                    "None",
                ],
            ),
            "json" => (
                "",
                &[
                    "{\"a\": [1, None]}",
                    "None",
                    "\"text\"",
                    "F(\"data\")",
                    "Value(None, JSONField())",
                    "JSONObject(k=\"pk\")",
                ],
            ),
            "duration" => (
                "DurationField",
                &["datetime.timedelta(hours=3)", "F(\"@\") * 2"],
            ),
            "time" => ("TimeField", &["datetime.time(4, 5)", "None"]),
            "uuid" => ("", &["uuid.UUID(int=9)", "None"]),
            _ => ("", &["None"]),
        };
        let own = if self.rng.chance(25) {
            // Columns of this model only: an update may not join.
            let names: Vec<String> = self.schema[model]
                .fields
                .iter()
                .filter(|(_, each)| !wanted.is_empty() && family(each) == family(wanted))
                .map(|(name, _)| name.clone())
                .collect();
            (!names.is_empty()).then(|| format!("F(\"{}\")", self.rng.pick(&names)))
        } else if self.rng.chance(20) {
            Some(self.subquery(model).0)
        } else if self.rng.chance(10) {
            Some(self.case(model).0)
        } else {
            None
        };
        own.unwrap_or_else(|| self.rng.pick(plain).replace('@', name))
    }
}
