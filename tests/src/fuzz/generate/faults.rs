//! Querysets that Django refuses: it says so in words of its own.

use super::{Maker, call, text};
use crate::fuzz::chain::{Call, Chain};

/// Calls that are wrong on any model; `@` is a field, `#` a relation.
const CALLS: &[(&str, &str)] = &[
    ("filter", "nothing=1"),
    ("filter", "@__nothing=1"),
    ("filter", "@__in=5"),
    ("filter", "@__range=[1]"),
    ("filter", "@__isnull=\"x\""),
    ("filter", "@__regex=\"(\""),
    ("filter", "@__gt=None"),
    ("filter", "@__contains=None"),
    ("filter", "#__nothing=1"),
    ("filter", "#__pk__nothing=1"),
    ("filter", "#=\"x\""),
    ("filter", "#=object()"),
    ("filter", "#__gt=\"x\""),
    ("filter", "#__contains=1"),
    ("filter", "#__in=[\"x\"]"),
    ("filter", "pk=\"x\""),
    ("filter", "pk__in=[1, \"x\"]"),
    ("filter", "pk__year=1"),
    ("filter", "@=Count(\"pk\")"),
    ("filter", "F(\"pk\")"),
    ("filter", "Value(1)"),
    ("filter", "5"),
    ("filter", "Q(pk=1) | 5"),
    ("filter", "\"pk\""),
    ("filter", "@=OuterRef(\"pk\")"),
    ("filter", "@=F(\"nothing\")"),
    ("filter", "@=F(\"#__nothing\")"),
    ("filter", "pk__in=self.objects.values(\"pk\", \"@\")"),
    ("filter", "Exists(5)"),
    ("exclude", "nothing__in=[1]"),
    ("exclude", "#__#__nothing=1"),
    ("annotate", "@=Value(1)"),
    ("annotate", "x=5"),
    ("annotate", "x=\"pk\""),
    ("annotate", "x=F(\"nothing\")"),
    ("annotate", "x=Sum(\"nothing\")"),
    ("annotate", "x=Sum(Count(\"pk\"))"),
    ("annotate", "x=Max(Sum(\"pk\"))"),
    ("annotate", "x=Count(\"pk\", \"@\")"),
    ("annotate", "x=Count(\"*\", filter=Q(pk=1), distinct=True)"),
    ("annotate", "x=F(\"@\") + F(\"pk\")"),
    ("annotate", "x=F(\"@\") * Value(\"a\")"),
    ("annotate", "x=Coalesce(\"@\")"),
    ("annotate", "x=Greatest(\"@\")"),
    ("annotate", "x=Coalesce(\"@\", \"pk\")"),
    ("annotate", "x=Concat(\"@\")"),
    ("annotate", "x=Concat(\"@\", \"pk\")"),
    ("annotate", "x=Upper(\"@\", \"pk\")"),
    ("annotate", "x=Left(\"@\", 0)"),
    ("annotate", "x=Substr(\"@\", 0)"),
    ("annotate", "x=Trunc(\"@\", \"eon\")"),
    ("annotate", "x=TruncHour(\"@\")"),
    ("annotate", "x=TruncMonth(\"@\")"),
    ("annotate", "x=Extract(\"@\", \"eon\")"),
    ("annotate", "x=ExtractHour(\"@\")"),
    ("annotate", "x=Extract(\"@\")"),
    ("annotate", "x=Cast(\"@\")"),
    ("annotate", "x=Collate(\"@\", \"a; b\")"),
    ("annotate", "x=Round(\"@\", 1, 2)"),
    ("annotate", "x=Value(object())"),
    (
        "annotate",
        "x=Func(F(\"pk\"), F(\"@\"), function=\"F\", arity=1)",
    ),
    ("annotate", "x=Window(\"pk\")"),
    ("annotate", "x=Window(Upper(\"pk\"))"),
    ("annotate", "x=Window(Sum(\"pk\"), order_by=5)"),
    ("annotate", "x=Window(RowNumber(), frame=5)"),
    (
        "annotate",
        "x=Window(Sum(\"pk\"), frame=RowRange(start=3, end=1))",
    ),
    (
        "annotate",
        "x=Window(Sum(\"pk\"), frame=ValueRange(start=1))",
    ),
    (
        "annotate",
        "x=Window(Sum(\"pk\"), frame=RowRange(start=\"a\"))",
    ),
    ("annotate", "x=Lag(\"pk\")"),
    ("annotate", "x=RowNumber()"),
    ("annotate", "x=Lag(\"pk\", 0)"),
    ("annotate", "x=NthValue(\"pk\", 0)"),
    ("annotate", "x=Ntile(0)"),
    ("annotate", "x=Case(When(5, then=1))"),
    ("annotate", "x=When(pk=1, then=1)"),
    ("annotate", "x=Case(5)"),
    ("annotate", "x=When(Q(), then=1)"),
    (
        "annotate",
        "x=Case(When(pk=1, then=Value(1)), default=Value(\"a\"))",
    ),
    ("annotate", "x=Subquery(5)"),
    ("annotate", "x=OuterRef(\"pk\")"),
    ("annotate", "x=Subquery(self.objects.all())"),
    (
        "annotate",
        "x=Subquery(self.objects.filter(pk=OuterRef(\"nothing\")).values(\"pk\")[:1])",
    ),
    ("annotate", "x=FilteredRelation(\"#\", condition=5)"),
    (
        "annotate",
        "x=FilteredRelation(\"nothing\", condition=Q(pk=1))",
    ),
    ("annotate", "x=FilteredRelation(\"\")"),
    (
        "annotate",
        "x=FilteredRelation(\"#\", condition=Q(nothing=1))",
    ),
    (
        "annotate",
        "#=FilteredRelation(\"#\", condition=Q(#__pk=1))",
    ),
    (
        "annotate",
        "x=FilteredRelation(\"#\", condition=Q(#__#__pk=1))",
    ),
    ("annotate", "**{\"bad name\": Value(1)}"),
    ("annotate", "**{\"a;b\": Value(1)}"),
    ("annotate", "**{\"q\\\"uote\": Value(1)}"),
    ("annotate", "**{\"x__y\": Value(1)}"),
    ("annotate", "F(\"pk\")"),
    ("annotate", "Count(\"pk\", filter=Q(pk=1)) + 1"),
    (
        "annotate",
        "x=ExpressionWrapper(5, output_field=IntegerField())",
    ),
    ("annotate", "x=Avg(\"@\", default=Value(0), nothing=1)"),
    ("annotate", "x=Sum(\"@\", filter=5)"),
    ("annotate", "x=Sum(\"pk\", order_by=\"@\")"),
    ("annotate", "x=StringAgg(\"@\", \"pk\")"),
    ("annotate", "x=Count(\"pk\", default=1)"),
    ("alias", "x=5"),
    ("alias", "x=Sum(\"nothing\")"),
    ("aggregate", "x=Upper(\"@\")"),
    ("aggregate", "F(\"pk\")"),
    ("aggregate", "x=5"),
    ("aggregate", "x=Sum(\"nothing\")"),
    ("aggregate", "x=Sum(\"#__nothing\")"),
    ("aggregate", "Sum(\"@\") + 1"),
    ("aggregate", "x=Count(\"pk\"), y=Sum(\"x\")"),
    ("aggregate", "x=Sum(Max(\"pk\"))"),
    ("aggregate", "x=Window(Sum(\"pk\"))"),
    ("aggregate", "**{\"bad name\": Count(\"pk\")}"),
    ("values", "\"nothing\""),
    ("values", "\"@__nothing\""),
    ("values", "\"#__nothing\""),
    ("values", "x=5"),
    ("values", "5"),
    ("values", "@=F(\"pk\")"),
    ("values_list", "\"pk\", \"@\", flat=True"),
    ("values_list", "flat=True, named=True"),
    ("values_list", "\"nothing\", flat=True"),
    ("values_list", "x=5"),
    ("values_list", "Value(1), Sum(\"nothing\")"),
    ("order_by", "\"nothing\""),
    ("order_by", "\"@__nothing\""),
    ("order_by", "\"#__nothing\""),
    ("order_by", "\"--pk\""),
    ("order_by", "\"\""),
    ("order_by", "5"),
    ("order_by", "None"),
    ("order_by", "\"a b\""),
    ("order_by", "F(\"nothing\").desc()"),
    (
        "order_by",
        "F(\"pk\").asc(nulls_first=True, nulls_last=True)",
    ),
    ("order_by", "F(\"pk\").asc(nulls_first=False)"),
    ("distinct", "\"@\""),
    ("distinct", "\"nothing\""),
    ("select_related", "\"nothing\""),
    ("select_related", "\"@\""),
    ("select_related", "\"#__nothing\""),
    ("select_related", "\"#__pk\""),
    ("select_related", "5"),
    ("prefetch_related", "\"nothing\""),
    ("prefetch_related", "\"@\""),
    ("prefetch_related", "\"#__nothing\""),
    ("prefetch_related", "Prefetch(\"#\", queryset=5)"),
    (
        "prefetch_related",
        "Prefetch(\"#\", queryset=self.objects.values(\"pk\"))",
    ),
    ("prefetch_related", "Prefetch(\"#\", to_attr=\"@\")"),
    ("prefetch_related", "5"),
    ("only", "\"nothing\""),
    ("only", "\"#__nothing\""),
    ("only", "\"@__nothing\""),
    ("only", "5"),
    ("defer", "\"nothing\""),
    ("defer", "\"#__nothing\""),
    ("dates", "\"@\", \"year\""),
    ("dates", "\"nothing\", \"year\""),
    ("dates", "\"@\", \"hour\""),
    ("dates", "\"@\", \"year\", order=\"UP\""),
    ("datetimes", "\"@\", \"hour\""),
    ("datetimes", "\"@\", \"eon\""),
    ("datetimes", "\"nothing\", \"hour\""),
    ("get", "pk=-1"),
    ("get", "pk__gt=0"),
    ("get", "nothing=1"),
    ("get", ""),
    ("latest", "\"nothing\""),
    ("earliest", "\"@__nothing\""),
    ("latest", ""),
    ("in_bulk", "[1], field_name=\"@\""),
    ("in_bulk", "[1], field_name=\"nothing\""),
    ("in_bulk", "5"),
    ("in_bulk", "[\"x\"]"),
    ("contains", "5"),
    ("contains", "None"),
    ("contains", "self()"),
    ("update", "nothing=1"),
    ("update", "#__pk=1"),
    ("update", "pk=F(\"nothing\")"),
    ("update", "@=Count(\"pk\")"),
    ("update", "@=F(\"#__pk\")"),
    ("update", "@=object()"),
    ("update", "#=5"),
    ("update", "#=object()"),
    ("update", ""),
    ("update", "@=Window(Sum(\"pk\"))"),
    ("create", "nothing=1"),
    ("create", "#=5"),
    ("create", "#=object()"),
    ("get_or_create", "nothing=1"),
    ("get_or_create", "defaults={\"nothing\": 1}, pk=-1"),
    ("update_or_create", "defaults={\"nothing\": 1}, pk=-1"),
    ("bulk_create", "[5]"),
    ("bulk_create", "[], batch_size=-1"),
    ("bulk_create", "[self()], update_conflicts=True"),
    (
        "bulk_create",
        "[self()], update_conflicts=True, ignore_conflicts=True",
    ),
    (
        "bulk_create",
        "[self()], update_conflicts=True, update_fields=[\"nothing\"], unique_fields=[\"pk\"]",
    ),
    (
        "bulk_create",
        "[self()], update_conflicts=True, update_fields=[\"pk\"], unique_fields=[\"pk\"]",
    ),
    ("bulk_update", "[self()], [\"@\"]"),
    ("bulk_update", "[], []"),
    ("bulk_update", "[self(pk=1)], [\"pk\"]"),
    ("bulk_update", "[self(pk=1)], [\"nothing\"]"),
    ("bulk_update", "[self(pk=1)], [\"@\"], batch_size=-1"),
    ("union", "5"),
    ("union", "self.objects.values(\"pk\")"),
    ("using", "\"nothing\""),
    ("extra", "select={\"a b\": \"1\"}, order_by=[\"nothing\"]"),
    ("extra", "where=[\"nothing = 1\"]"),
    ("raw", "\"select 1\""),
    ("raw", "\"nonsense\""),
    ("select_for_update", "nowait=True, skip_locked=True"),
    ("select_for_update", "nowait=True"),
    ("fetch_mode", "5"),
    ("complex_filter", "5"),
    ("complex_filter", "{\"nothing\": 1}"),
    ("explain", "format=\"nothing\""),
    ("explain", "nothing=True"),
    ("as_manager", "5"),
    ("first", "5"),
    ("count", "5"),
    ("exists", "\"x\""),
    ("all", "5"),
    ("none", "5"),
    ("reverse", "5"),
    ("delete", "5"),
    ("nothing", ""),
    ("", "-1"),
    ("", "-3:"),
    ("", "\"x\""),
    ("", "1.5"),
    ("", "99"),
    ("", "2:1"),
    ("", "::2"),
    ("", "1:\"x\""),
];

/// Calls that a sliced queryset refuses.
const AFTER_SLICE: &[(&str, &str)] = &[
    ("filter", "pk=1"),
    ("exclude", "pk=1"),
    ("order_by", "\"pk\""),
    ("reverse", ""),
    ("distinct", ""),
    ("delete", ""),
    ("update", "pk=1"),
    ("last", ""),
    ("latest", "\"pk\""),
    ("earliest", "\"pk\""),
    ("in_bulk", "[1]"),
    ("extra", "where=[\"1\"]"),
    ("dates", "\"@\", \"year\""),
    ("select_for_update", ""),
    ("get", "pk=1"),
    ("complex_filter", "{\"pk\": 1}"),
    ("annotate", "x=Count(\"#\")"),
    ("aggregate", "x=Count(\"#\")"),
    ("values", "\"pk\""),
    ("only", "\"pk\""),
];

/// Calls that `values()` refuses.
const AFTER_VALUES: &[(&str, &str)] = &[
    ("select_related", "\"#\""),
    ("only", "\"pk\""),
    ("defer", "\"pk\""),
    ("delete", ""),
    ("in_bulk", "[1]"),
    ("contains", "self(pk=1)"),
    ("prefetch_related", "\"#\""),
    ("prefetch_related", "Prefetch(\"#\")"),
    ("get", "pk=-1"),
    ("bulk_create", "[]"),
    ("annotate", "pk=Value(1)"),
    ("fetch_mode", "FETCH_PEERS"),
];

impl Maker<'_> {
    /// Makes one thing wrong.
    pub(super) fn fault(&mut self, chain: &mut Chain) {
        let model = chain.model.clone();
        chain.shape.clear();
        if self.rng.chance(70) {
            chain.calls.truncate(2);
            if self.rng.chance(60) {
                chain.calls.clear();
            }
        }
        match self.rng.below(10) {
            0 => {
                chain.calls.push(Call {
                    method: String::new(),
                    arguments: vec![text(":3")],
                });
                let made = self.wrong(&model, AFTER_SLICE);
                chain.calls.push(made);
            }
            1 => {
                let values = *self.rng.pick(&["values", "values_list"]);
                let field = self.own_field(&model);
                chain
                    .calls
                    .push(call(values, vec![text(&format!("\"{field}\""))]));
                let made = self.wrong(&model, AFTER_VALUES);
                chain.calls.push(made);
            }
            _ => {
                let made = self.wrong(&model, CALLS);
                let place = self.rng.below(chain.calls.len() + 1);
                chain.calls.insert(place, made);
            }
        }
    }

    fn wrong(&mut self, model: &str, calls: &[(&str, &str)]) -> Call {
        let (method, argument) = *self.rng.pick(calls);
        let field = self.own_field(model);
        let relation = match self.schema[model].relations.is_empty() {
            true => "absent".to_owned(),
            false => self.rng.pick(&self.schema[model].relations).0.clone(),
        };
        let argument = argument
            .replace('@', &field)
            .replace('#', &relation)
            .replace("self", model);
        Call {
            method: method.to_owned(),
            arguments: match argument.as_str() {
                "" => Vec::new(),
                given => vec![text(given)],
            },
        }
    }
}
