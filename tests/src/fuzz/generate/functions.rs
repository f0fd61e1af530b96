//! What can be done to an expression of a kind; `@` stands for it, `#` for a
//! second one of the same kind.

/// On text.
pub(super) const TEXT: &[&str] = &[
    "Upper(@)",
    "Lower(@)",
    "Trim(@)",
    "LTrim(@)",
    "RTrim(@)",
    "Left(@, 3)",
    "Right(@, 2)",
    "Left(@, Length(@) - 1)",
    "Substr(@, 2, 2)",
    "Substr(@, 2)",
    "Substr(@, StrIndex(@, Value(\"a\")) + 1, 3)",
    "Reverse(@)",
    "Replace(@, Value(\"a\"), Value(\"%\"))",
    "Replace(@, Value(\"e\"))",
    "Repeat(@, 2)",
    "Repeat(@, Length(@))",
    "LPad(@, 8, Value(\".\"))",
    "RPad(@, 6)",
    "NullIf(@, Value(\"Salt\"))",
    "Coalesce(@, Value(\"none\"))",
    "Concat(@, Value(\"%s\"))",
    "Concat(Value(\"<\"), @, Value(\">\"), output_field=CharField())",
    "ConcatPair(@, Value(\"!\"))",
    "MD5(@)",
    "SHA1(@)",
    "SHA224(@)",
    "SHA256(@)",
    "SHA384(@)",
    "SHA512(@)",
    "Chr(Ord(@))",
    "Cast(@, CharField(max_length=5))",
    "Cast(@, TextField())",
    "Collate(@, \"NOCASE\")",
    "Lower(Collate(@, \"binary\"))",
    "Func(@, function=\"QUOTE\", output_field=CharField())",
    "Func(@, Value(\"x\"), function=\"IFNULL\")",
    "Func(@, template=\"HEX(%(expressions)s)\", output_field=TextField())",
    "ExpressionWrapper(@, output_field=TextField())",
    "Case(When(Q(pk__lt=3), then=@), default=Value(\"-\"))",
];

/// On two texts.
pub(super) const TEXTS: &[&str] = &[
    "Concat(@, Value(\"-\"), #)",
    "Concat(@, #, output_field=TextField())",
    "Coalesce(@, #)",
    "Coalesce(NullIf(@, Value(\"\")), #, Value(\"?\"))",
    "Greatest(@, #)",
    "Least(@, #, Value(\"m\"))",
    "Replace(@, #, Value(\"*\"))",
    "NullIf(@, #)",
    "Case(When(Q(pk__gt=2), then=@), default=#)",
];

/// Whole numbers from text.
pub(super) const COUNTS: &[&str] = &[
    "Length(@)",
    "StrIndex(@, Value(\"a\"))",
    "Ord(@)",
    "Length(@) * 2",
    "Length(Lower(@)) - 1",
    "Length(Concat(@, Value(\"é\")))",
];

/// On whole numbers.
pub(super) const WHOLE: &[&str] = &[
    "@ + 1",
    "@ * 2",
    "2 - @",
    "-@",
    "Abs(@)",
    "Sign(@)",
    "Cast(@, IntegerField())",
    "Cast(@, BigIntegerField())",
    "Cast(@, FloatField())",
    "Coalesce(@, 0)",
    "NullIf(@, 2)",
    "@.bitand(6)",
    "@.bitor(1)",
    "@.bitxor(3)",
    "@.bitleftshift(1)",
    "@.bitrightshift(1)",
    "@ ** 2",
    "2 ** @",
    "Value(7) - @",
    "Value(7) / (@ + 1)",
    "10 % (@ + 1)",
    "Case(When(Q(pk=1), then=@), When(Q(pk=2), then=@ + 1), default=Value(-1))",
    "ExpressionWrapper(@ + 1, output_field=IntegerField())",
    "ExpressionWrapper(@ * 1.5, output_field=FloatField())",
    "Func(@, function=\"ABS\")",
    "Func(@, 2, function=\"MAX\", arity=2)",
];

/// On two whole numbers.
pub(super) const WHOLES: &[&str] = &[
    "@ + #",
    "@ - #",
    "(@ + 1) * #",
    "@ - (# - 2)",
    "Greatest(@, #)",
    "Least(@, #, 3)",
    "Coalesce(@, #)",
    "Mod(@, # + 1)",
    "@ / (# + 1)",
    "@ % (# + 2)",
    "Power(@, Sign(#))",
    "NullIf(@, #)",
    "@.bitand(#)",
];

/// Whole numbers from a day or a moment.
pub(super) const PARTS: &[&str] = &[
    "ExtractYear(@)",
    "ExtractMonth(@)",
    "ExtractDay(@)",
    "ExtractWeek(@)",
    "ExtractWeekDay(@)",
    "ExtractIsoWeekDay(@)",
    "ExtractQuarter(@)",
    "ExtractIsoYear(@)",
    "Extract(@, \"week\")",
    "Extract(@, \"day\") + 1",
    "Extract(@, lookup_name=\"iso_week_day\")",
];

/// Whole numbers from a time of day or a moment.
pub(super) const CLOCK: &[&str] = &[
    "ExtractHour(@)",
    "ExtractMinute(@)",
    "ExtractSecond(@)",
    "Extract(@, \"hour\")",
];

/// On days.
pub(super) const DAY: &[&str] = &[
    "TruncMonth(@)",
    "TruncYear(@)",
    "TruncWeek(@)",
    "TruncQuarter(@)",
    "TruncDay(@)",
    "Trunc(@, \"month\")",
    "TruncYear(@, output_field=DateField())",
    "TruncMonth(@, output_field=DateTimeField())",
    "Coalesce(@, datetime.date(2020, 1, 1))",
    "Cast(@, DateField())",
    "Cast(@, CharField())",
    "ExpressionWrapper(@, output_field=DateField())",
    "@ + datetime.timedelta(days=31)",
    "ExpressionWrapper(@ - datetime.timedelta(days=1), output_field=DateField())",
    "Greatest(@, Value(datetime.date(2010, 5, 5)))",
];

/// On moments.
pub(super) const MOMENT: &[&str] = &[
    "TruncHour(@)",
    "TruncMonth(@)",
    "TruncMinute(@)",
    "TruncSecond(@)",
    "TruncDate(@)",
    "TruncTime(@)",
    "TruncWeek(@)",
    "TruncQuarter(@)",
    "Trunc(@, \"quarter\")",
    "Trunc(@, \"day\", tzinfo=zoneinfo.ZoneInfo(\"Asia/Tokyo\"))",
    "TruncDate(@, tzinfo=zoneinfo.ZoneInfo(\"America/New_York\"))",
    "TruncMonth(@, output_field=DateField())",
    "ExtractHour(@, tzinfo=zoneinfo.ZoneInfo(\"Asia/Kolkata\"))",
    "@ + datetime.timedelta(days=1, hours=2)",
    "ExpressionWrapper(@ - datetime.timedelta(minutes=5), output_field=DateTimeField())",
    "Cast(@, DateField())",
    "Cast(@, TimeField())",
    "Coalesce(@, Value(datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)))",
];

/// On a moment or a day, with another: a span.
pub(super) const BETWEEN: &[&str] = &[
    "@ - #",
    "ExpressionWrapper(@ - #, output_field=DurationField())",
    "ExpressionWrapper(# - @, output_field=DurationField())",
];

/// On times of day.
pub(super) const TIME: &[&str] = &[
    "TruncHour(@)",
    "TruncMinute(@)",
    "Trunc(@, \"second\")",
    "Coalesce(@, datetime.time(9, 0))",
    "ExpressionWrapper(@ + datetime.timedelta(hours=1), output_field=TimeField())",
    "Cast(@, CharField())",
];

/// On spans of time.
pub(super) const SPAN: &[&str] = &[
    "@ + datetime.timedelta(hours=5)",
    "@ * 2",
    "ExpressionWrapper(@ / 2, output_field=DurationField())",
    "ExpressionWrapper(@ - @, output_field=DurationField())",
    "Coalesce(@, datetime.timedelta(0))",
    "ExpressionWrapper(-@, output_field=DurationField())",
];

/// On numbers with a fraction.
pub(super) const FRACTION: &[&str] = &[
    "Round(@)",
    "Round(@, precision=1)",
    "Floor(@)",
    "Ceil(@)",
    "Abs(@)",
    "@ * 2",
    "@ + @",
    "@ / 3",
    "-@",
    "@ % 4",
    "@ - Decimal(\"0.25\")",
    "@ * Value(Decimal(\"1.10\"))",
    "@ + Value(1.5)",
    "Coalesce(@, Value(0), output_field=FloatField())",
    "Coalesce(@, Decimal(0))",
    "Cast(@, IntegerField())",
    "Cast(@, CharField())",
    "Cast(@, FloatField())",
    "Cast(@, DecimalField(max_digits=8, decimal_places=1))",
    "Sqrt(Abs(@))",
    "Power(@, 2)",
    "Exp(@ / 100.0)",
    "Ln(Abs(@) + 1)",
    "Log(Value(10), Abs(@) + 1)",
    "Sin(@)",
    "Cos(@)",
    "Tan(@)",
    "Cot(@ + 1)",
    "ATan(@)",
    "ATan2(@, Value(2))",
    "ASin(Value(0.5))",
    "Degrees(@)",
    "Radians(@)",
    "Pi() * @",
    "ExpressionWrapper(@ * 3 - 1, output_field=FloatField())",
    "ExpressionWrapper(@ / 7, output_field=DecimalField(max_digits=9, decimal_places=3))",
    "NullIf(@, @)",
    "Sign(@)",
    "Mod(@, 3)",
    "Greatest(@, Value(3), output_field=FloatField())",
];

/// On truths.
pub(super) const TRUTH: &[&str] = &[
    "Coalesce(@, False)",
    "Cast(@, IntegerField())",
    "~@",
    "NullIf(@, Value(True))",
    "ExpressionWrapper(Q(pk__gt=1) & Q(pk__lt=4), output_field=BooleanField())",
    "Case(When(@, then=Value(True)), default=Value(False))",
];

/// On documents.
pub(super) const DOCUMENT: &[&str] = &[
    "JSONObject(d=@, n=F(\"pk\"))",
    "JSONArray(@, Value(1))",
    "JSONObject(inner=JSONArray(F(\"pk\"), @))",
    "Cast(@, TextField())",
    "Coalesce(@, Value({}, JSONField()))",
    "Coalesce(@, Value([1, \"x\"], output_field=JSONField()))",
];
