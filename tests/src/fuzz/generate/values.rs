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
        if self.inside == 0 && self.rng.chance(4) {
            let kind = family(kind);
            let wanted = match kind {
                "text" => "CharField",
                "int" => "IntegerField",
                "date" => "DateField",
                "moment" => "DateTimeField",
                _ => "DecimalField",
            };
            if let Some(made) = self.typed(model, wanted, 1) {
                let lookup = *self.rng.pick(&["", "__gt", "__lte"]);
                return (lookup.to_owned(), made);
            }
        }
        if self.rng.chance(2) {
            let (lookup, value) = *self.rng.pick(&[
                ("", "None"),
                ("__in", "[]"),
                ("__in", "[None]"),
                ("__exact", "None"),
            ]);
            return (lookup.to_owned(), value.to_owned());
        }
        let order = *self.rng.pick(&["", "__gt", "__gte", "__lt", "__lte"]);
        match family(kind) {
            "text" => self.word(),
            "bool" => {
                let (lookup, value) = *self.rng.pick(&[
                    ("", "True"),
                    ("", "False"),
                    ("", "True"),
                    ("__exact", "False"),
                    ("__in", "[True, None]"),
                    ("", "1"),
                ]);
                (lookup.to_owned(), value.to_owned())
            }
            "date" => self.day(order),
            "moment" => self.moment(order),
            "decimal" => match self.rng.below(8) {
                0 => ("__in".to_owned(), "[Decimal(\"7.05\"), 5, None]".to_owned()),
                1 => ("__range".to_owned(), "(Decimal(\"1.5\"), 40)".to_owned()),
                2 => (order.to_owned(), "12.345".to_owned()),
                3 => (order.to_owned(), "\"7.05\"".to_owned()),
                4 => ("__startswith".to_owned(), "\"1\"".to_owned()),
                _ => (
                    order.to_owned(),
                    format!("Decimal(\"{}.50\")", self.rng.below(40)),
                ),
            },
            "time" => match self.rng.below(5) {
                0 => ("__hour".to_owned(), "8".to_owned()),
                1 => ("__minute__lt".to_owned(), "45".to_owned()),
                2 => ("__hour__in".to_owned(), "[8, 17]".to_owned()),
                3 => (
                    "__range".to_owned(),
                    "(datetime.time(7), datetime.time(9, 30, 1))".to_owned(),
                ),
                _ => (order.to_owned(), "datetime.time(8, 30)".to_owned()),
            },
            "duration" => match self.rng.below(3) {
                0 => (
                    "__in".to_owned(),
                    "[datetime.timedelta(days=1), datetime.timedelta(minutes=90)]".to_owned(),
                ),
                1 => (
                    "__range".to_owned(),
                    "(datetime.timedelta(0), datetime.timedelta(days=2))".to_owned(),
                ),
                _ => (order.to_owned(), "datetime.timedelta(hours=30)".to_owned()),
            },
            "uuid" => match self.rng.below(5) {
                0 => (
                    "__in".to_owned(),
                    "[uuid.UUID(int=1), \"12345678-1234-5678-1234-567812345678\"]".to_owned(),
                ),
                1 => ("__isnull".to_owned(), "False".to_owned()),
                2 => (
                    (*self.rng.pick(&[
                        "__startswith",
                        "__contains",
                        "__icontains",
                        "__iexact",
                        "__endswith",
                    ]))
                    .to_owned(),
                    "\"12345678-1234\"".to_owned(),
                ),
                _ => (
                    order.to_owned(),
                    "uuid.UUID(\"12345678123456781234567812345678\")".to_owned(),
                ),
            },
            "float" => match self.rng.below(6) {
                0 => ("__in".to_owned(), "[1.25, 0.8, 3]".to_owned()),
                1 => ("__range".to_owned(), "(0.5, 4)".to_owned()),
                2 => (order.to_owned(), "3".to_owned()),
                3 => ("__contains".to_owned(), "\".5\"".to_owned()),
                _ => (order.to_owned(), format!("{}.5", self.rng.below(6))),
            },
            "ip" => match self.rng.below(3) {
                0 => ("__startswith".to_owned(), "\"10.\"".to_owned()),
                1 => (
                    "__in".to_owned(),
                    "[\"10.0.0.1\", \"2001:db8::1\"]".to_owned(),
                ),
                _ => (order.to_owned(), "\"2001:0db8:0000::0001\"".to_owned()),
            },
            _ => self.number(order),
        }
    }

    fn number(&mut self, order: &str) -> (String, String) {
        match self.rng.below(12) {
            0..=2 => (
                "__in".to_owned(),
                format!("[{}, {}]", self.rng.below(5), self.rng.below(300)),
            ),
            3 | 4 => (
                "__range".to_owned(),
                format!("({}, {})", self.rng.below(3), 3 + self.rng.below(200)),
            ),
            5 => {
                let lookup = *self.rng.pick(&[
                    "__contains",
                    "__startswith",
                    "__iendswith",
                    "__regex",
                    "__iexact",
                ]);
                (lookup.to_owned(), "\"1\"".to_owned())
            }
            6 => {
                let value = *self.rng.pick(&[
                    "2.5",
                    "\"3\"",
                    "True",
                    "2 ** 40",
                    "-(2 ** 70)",
                    "Decimal(\"2.0\")",
                    "Value(3)",
                    "F(\"pk\") - 1",
                ]);
                (order.to_owned(), value.to_owned())
            }
            7 => ("__in".to_owned(), "[F(\"pk\"), 2]".to_owned()),
            8 => ("__range".to_owned(), "(1, F(\"pk\") + 2)".to_owned()),
            _ => (order.to_owned(), self.rng.below(200).to_string()),
        }
    }

    fn word(&mut self) -> (String, String) {
        let word = *self.rng.pick(&[
            "a", "S", "on", "%", "Salt", "x_y", "", "it's", "^s", "o.$", "é", "\\\\",
        ]);
        let lookup = *self.rng.pick(&[
            "",
            "__exact",
            "__iexact",
            "__contains",
            "__icontains",
            "__startswith",
            "__istartswith",
            "__endswith",
            "__iendswith",
            "__gt",
            "__lte",
            "__in",
            "__range",
            "__regex",
            "__iregex",
        ]);
        let word = match lookup {
            // What is no pattern is an error only where a row is reached.
            "__regex" | "__iregex" if word.starts_with('\\') => "\\\\d",
            _ => word,
        };
        let value = match lookup {
            "__in" => format!("[\"{word}\", \"b\"]"),
            "__range" => format!("(\"A\", \"{word}\")"),
            _ => match self.rng.below(20) {
                0 => "Upper(Value(\"sa\"))".to_owned(),
                1 => "5".to_owned(),
                _ => format!("\"{word}\""),
            },
        };
        (lookup.to_owned(), value)
    }

    fn day(&mut self, order: &str) -> (String, String) {
        match self.rng.below(8) {
            0 | 1 => (
                (*self.rng.pick(&[
                    "__year",
                    "__year__gte",
                    "__year__gt",
                    "__year__lte",
                    "__month",
                    "__week_day",
                    "__week",
                    "__iso_year",
                    "__iso_year__lt",
                    "__quarter__in",
                    "__day",
                    "__iso_week_day",
                ]))
                .to_owned(),
                ["2007", "2", "F(\"pk\")", "2016"][self.rng.below(4)].to_owned(),
            ),
            2 => (
                "__range".to_owned(),
                "(datetime.date(2000, 1, 1), datetime.date(2024, 2, 29))".to_owned(),
            ),
            3 => ("__month__in".to_owned(), "[1, 2, 12]".to_owned()),
            4 => {
                let (lookup, value) = *self.rng.pick(&[
                    ("", "\"2016-12-31\""),
                    ("__year__in", "[2016, 2007]"),
                    ("__year__range", "(2000, 2016)"),
                    ("__year__contains", "\"20\""),
                    ("__startswith", "\"201\""),
                    ("__in", "[datetime.date(2018, 7, 1), None]"),
                    (
                        "__gt",
                        "datetime.datetime(2016, 12, 31, 5, tzinfo=datetime.timezone.utc)",
                    ),
                ]);
                (lookup.to_owned(), value.to_owned())
            }
            _ => (order.to_owned(), "datetime.date(2016, 12, 31)".to_owned()),
        }
    }

    fn moment(&mut self, order: &str) -> (String, String) {
        match self.rng.below(8) {
            0 | 1 => (
                (*self.rng.pick(&[
                    "__year",
                    "__year__lt",
                    "__iso_year__gte",
                    "__hour",
                    "__date__day",
                    "__minute",
                    "__second",
                    "__quarter",
                    "__week",
                    "__week_day__in",
                    "__date__month__gte",
                    "__date__year",
                    "__month",
                    "__iso_week_day",
                    "__time__hour",
                ]))
                .to_owned(),
                ["8", "2024"][self.rng.below(2)].to_owned(),
            ),
            2 => ("__date".to_owned(), "datetime.date(2024, 2, 29)".to_owned()),
            3 => {
                let (lookup, value) = *self.rng.pick(&[
                    ("__date__range", "(datetime.date(2024, 1, 1), datetime.date(2025, 1, 1))"),
                    ("__date__gt", "datetime.date(2024, 3, 1)"),
                    ("__time", "datetime.time(8)"),
                    ("__time__gte", "datetime.time(8, 30)"),
                    ("__year__in", "[2024]"),
                    ("__hour__range", "(7, 12)"),
                    ("__range", "(datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc), datetime.datetime(2024, 12, 31, tzinfo=datetime.timezone.utc))"),
                    ("__gte", "\"2024-03-01T08:00:00Z\""),
                    ("__startswith", "\"2024\""),
                    ("__in", "[datetime.datetime(2024, 3, 1, 8, 0, tzinfo=datetime.timezone.utc)]"),
                    ("__date__in", "[datetime.date(2024, 2, 29)]"),
                ]);
                (lookup.to_owned(), value.to_owned())
            }
            _ => (
                order.to_owned(),
                "datetime.datetime(2024, 3, 1, 8, 0, tzinfo=datetime.timezone.utc)".to_owned(),
            ),
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
            ("__endswith", "\"o\""),
            ("__istartswith", "\"b\""),
            ("__range", "(0, 200)"),
            ("", "F(\"name\")"),
            ("", "Value(None, JSONField())"),
            ("__in", "[None, 120.5]"),
            ("", "JSONNull()"),
            ("__isnull", "1 == 1"),
        ]);
        (format!("{key}{lookup}"), value.to_owned())
    }
}
