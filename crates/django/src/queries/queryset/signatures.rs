//! What the methods of `QuerySet` take.
use crate::signature::Signature;

pub const ALL: Signature = Signature::of("QuerySet.all", &[]);
pub const AS_MANAGER: Signature = Signature::of("QuerySet.as_manager", &[]);
pub const BULK_CREATE: Signature = Signature::of(
    "QuerySet.bulk_create",
    &[
        "objs",
        "batch_size",
        "ignore_conflicts",
        "update_conflicts",
        "update_fields",
        "unique_fields",
    ],
)
.required(1);
pub const BULK_UPDATE: Signature =
    Signature::of("QuerySet.bulk_update", &["objs", "fields", "batch_size"]).required(2);
pub const COMPLEX_FILTER: Signature = Signature::of("QuerySet.complex_filter", &["filter_obj"]);
pub const CONTAINS: Signature = Signature::of("QuerySet.contains", &["obj"]);
pub const COUNT: Signature = Signature::of("QuerySet.count", &[]);
pub const CREATE: Signature = Signature::of("QuerySet.create", &[]).any_keyword();
pub const DATES: Signature =
    Signature::of("QuerySet.dates", &["field_name", "kind", "order"]).required(2);
pub const DATETIMES: Signature = Signature::of(
    "QuerySet.datetimes",
    &["field_name", "kind", "order", "tzinfo"],
)
.required(2);
pub const DEFER: Signature = Signature::of("QuerySet.defer", &[]).any_positional();
pub const DELETE: Signature = Signature::of("QuerySet.delete", &[]);
pub const DIFFERENCE: Signature = Signature::of("QuerySet.difference", &[]).any_positional();
pub const DISTINCT: Signature = Signature::of("QuerySet.distinct", &[]).any_positional();
pub const EARLIEST: Signature = Signature::of("QuerySet.earliest", &[]).any_positional();
pub const EXISTS: Signature = Signature::of("QuerySet.exists", &[]);
pub const EXPLAIN: Signature = Signature::of("QuerySet.explain", &[])
    .keyword_only(&["format"])
    .any_keyword();
pub const EXTRA: Signature = Signature::of(
    "QuerySet.extra",
    &[
        "select",
        "where",
        "params",
        "tables",
        "order_by",
        "select_params",
    ],
)
.required(0);
pub const FETCH_MODE: Signature = Signature::of("QuerySet.fetch_mode", &["fetch_mode"]);
pub const FIRST: Signature = Signature::of("QuerySet.first", &[]);
pub const GET_OR_CREATE: Signature = Signature::of("QuerySet.get_or_create", &["defaults"])
    .required(0)
    .any_keyword();
pub const IN_BULK: Signature = Signature::of("QuerySet.in_bulk", &["id_list"])
    .required(0)
    .keyword_only(&["field_name"]);
pub const INTERSECTION: Signature = Signature::of("QuerySet.intersection", &[]).any_positional();
pub const ITERATOR: Signature = Signature::of("QuerySet.iterator", &["chunk_size"]).required(0);
pub const LAST: Signature = Signature::of("QuerySet.last", &[]);
pub const LATEST: Signature = Signature::of("QuerySet.latest", &[]).any_positional();
pub const NONE: Signature = Signature::of("QuerySet.none", &[]);
pub const ONLY: Signature = Signature::of("QuerySet.only", &[]).any_positional();
pub const ORDER_BY: Signature = Signature::of("QuerySet.order_by", &[]).any_positional();
pub const PREFETCH_RELATED: Signature =
    Signature::of("QuerySet.prefetch_related", &[]).any_positional();
pub const RAW: Signature = Signature::of(
    "QuerySet.raw",
    &["raw_query", "params", "translations", "using"],
)
.required(1);
pub const REVERSE: Signature = Signature::of("QuerySet.reverse", &[]);
pub const SELECT_FOR_UPDATE: Signature = Signature::of(
    "QuerySet.select_for_update",
    &["nowait", "skip_locked", "of", "no_key"],
)
.required(0);
pub const SELECT_RELATED: Signature =
    Signature::of("QuerySet.select_related", &[]).any_positional();
pub const UNION: Signature = Signature::of("QuerySet.union", &[])
    .any_positional()
    .keyword_only(&["all"]);
pub const UPDATE: Signature = Signature::of("QuerySet.update", &[]).any_keyword();
pub const UPDATE_OR_CREATE: Signature = Signature::of(
    "QuerySet.update_or_create",
    &["defaults", "create_defaults"],
)
.required(0)
.any_keyword();
pub const USING: Signature = Signature::of("QuerySet.using", &["alias"]);
pub const VALUES_LIST: Signature = Signature::of("QuerySet.values_list", &[])
    .any_positional()
    .keyword_only(&["flat", "named"]);
