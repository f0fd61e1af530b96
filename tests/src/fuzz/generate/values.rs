//! Lookups with values that suit a field.

use super::Maker;
use super::paths::family;

impl Maker<'_> {
    /// A lookup with a value that suits the kind.
    pub(super) fn comparison(&mut self, model: &str, kind: &str) -> (String, String) {
        if self.rng.chance(10) {
            return (
                "__isnull".to_owned(),
                ["True", "False"][self.rng.below(2)].to_owned(),
            );
        }
        if self.rng.chance(12) {
            let path = if self.inside == 0 {
                self.path(model, 2, Some(kind))
            } else {
                String::new()
            };
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
                    .pick(&["a", "S", "on", "%", "Salt", "x_y", "", "it's", "^s", "o.$"]);
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
                    "__regex",
                    "__iregex",
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
                    (*self.rng.pick(&[
                        "__year",
                        "__year__gte",
                        "__month",
                        "__week_day",
                        "__week",
                        "__iso_year",
                        "__quarter__in",
                        "__day",
                        "__iso_week_day",
                    ]))
                    .to_owned(),
                    ["2007", "2", "F(\"pk\")"][self.rng.below(3)].to_owned(),
                ),
                1 => (
                    "__range".to_owned(),
                    "(datetime.date(2000, 1, 1), datetime.date(2024, 2, 29))".to_owned(),
                ),
                _ => (order.to_owned(), "datetime.date(2016, 12, 31)".to_owned()),
            },
            "moment" => match self.rng.below(4) {
                0 => (
                    (*self.rng.pick(&[
                        "__year",
                        "__year__lt",
                        "__hour",
                        "__date__day",
                        "__minute",
                        "__second",
                        "__date__month__gte",
                        "__month",
                        "__iso_week_day",
                        "__time__hour",
                    ]))
                    .to_owned(),
                    ["8", "2024"][self.rng.below(2)].to_owned(),
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
            "time" => match self.rng.below(3) {
                0 => ("__hour".to_owned(), "8".to_owned()),
                1 => ("__minute__lt".to_owned(), "45".to_owned()),
                _ => (order.to_owned(), "datetime.time(8, 30)".to_owned()),
            },
            "duration" => (order.to_owned(), "datetime.timedelta(hours=30)".to_owned()),
            "uuid" => match self.rng.below(3) {
                0 => (
                    "__in".to_owned(),
                    "[uuid.UUID(int=1), \"12345678-1234-5678-1234-567812345678\"]".to_owned(),
                ),
                1 => ("__isnull".to_owned(), "False".to_owned()),
                _ => (
                    order.to_owned(),
                    "uuid.UUID(\"12345678123456781234567812345678\")".to_owned(),
                ),
            },
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

    /// A lookup into a document.
    pub(super) fn json(&mut self) -> (String, String) {
        let key = *self.rng.pick(&[
            "",
            "__total",
            "__paid",
            "__to",
            "__to__city",
            "__lines__0__sku",
            "__tags__1",
            "__0",
            "__a__b",
            "__none",
        ]);
        let (lookup, value) = *self.rng.pick(&[
            ("", "None"),
            ("", "0"),
            ("", "\"Oslo\""),
            ("", "True"),
            ("", "{\"city\": \"Oslo\"}"),
            ("", "[1, 2, 3]"),
            ("__isnull", "True"),
            ("__isnull", "False"),
            ("__has_key", "\"city\""),
            ("__has_key", "\"0\""),
            ("__has_keys", "[\"paid\", \"to\"]"),
            ("__has_any_keys", "[\"a\", \"tags\"]"),
            ("__in", "[\"Oslo\", 0, False]"),
            ("__gt", "1"),
            ("__lte", "120.5"),
            ("__icontains", "\"o\""),
            ("__contains", "\"o\""),
            ("__startswith", "\"A\""),
            ("__iexact", "\"oslo\""),
            ("__regex", "\"^B\""),
        ]);
        (format!("{key}{lookup}"), value.to_owned())
    }
}
