//! `connection.features`: what SQLite can do. Source: what Django's SQLite backend reports.
use super::atomic;
use super::wrapper::DatabaseWrapper;
use crate::class::Class;
use crate::error::OrForeign;
use crate::modules;
use rustpython_vm::builtins::{PySet, PyType, PyTypeRef};
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::cell::RefCell;

thread_local! {
    static CLASS: RefCell<Option<PyTypeRef>> = const { RefCell::new(None) };
}

const YES: &[&str] = &[
    "allow_sliced_subqueries_with_in",
    "allows_auto_pk_0",
    "allows_group_by_lob",
    "allows_group_by_select_index",
    "allows_multiple_constraints_on_same_fields",
    "can_clone_databases",
    "can_defer_constraint_checks",
    "can_introspect_check_constraints",
    "can_introspect_default",
    "can_introspect_foreign_keys",
    "can_release_savepoints",
    "can_return_columns_from_insert",
    "can_return_rows_from_bulk_insert",
    "can_return_rows_from_update",
    "can_rollback_ddl",
    "can_use_chunked_reads",
    "delete_can_self_reference_subquery",
    "has_bulk_insert",
    "has_case_insensitive_like",
    "has_zoneinfo_database",
    "ignores_table_name_case",
    "ignores_unnecessary_order_by_in_subqueries",
    "indexes_foreign_keys",
    "order_by_nulls_first",
    "pattern_lookup_needs_param_pattern",
    "requires_literal_defaults",
    "supports_aggregate_filter_clause",
    "supports_alter_generated_column_data_type",
    "supports_any_value",
    "supports_bit_aggregations",
    "supports_boolean_expr_in_select_clause",
    "supports_collation_on_charfield",
    "supports_collation_on_textfield",
    "supports_column_check_constraints",
    "supports_comparing_boolean_expr",
    "supports_date_lookup_using_string",
    "supports_default_in_bit_aggregations",
    "supports_default_in_lead_lag",
    "supports_default_keyword_in_bulk_insert",
    "supports_explaining_query_execution",
    "supports_expression_defaults",
    "supports_expression_indexes",
    "supports_foreign_keys",
    "supports_forward_references",
    "supports_frame_exclusion",
    "supports_frame_range_fixed_distance",
    "supports_functions_in_partial_indexes",
    "supports_ignore_conflicts",
    "supports_index_column_ordering",
    "supports_index_on_text_field",
    "supports_inspectdb",
    "supports_json_negative_indexing",
    "supports_no_precision_decimalfield",
    "supports_non_deterministic_collations",
    "supports_nullable_unique_constraints",
    "supports_on_delete_db_cascade",
    "supports_on_delete_db_default",
    "supports_on_delete_db_null",
    "supports_order_by_nulls_modifier",
    "supports_over_clause",
    "supports_paramstyle_pyformat",
    "supports_partial_indexes",
    "supports_partially_nullable_unique_constraints",
    "supports_primitives_in_json_field",
    "supports_regex_backreferencing",
    "supports_select_difference",
    "supports_select_for_update_with_limit",
    "supports_select_intersection",
    "supports_select_union",
    "supports_sequence_reset",
    "supports_stored_generated_columns",
    "supports_subqueries_in_group_by",
    "supports_table_check_constraints",
    "supports_temporal_subtraction",
    "supports_transactions",
    "supports_tuple_comparison_against_subquery",
    "supports_tuple_lookups",
    "supports_unlimited_charfield",
    "supports_unspecified_pk",
    "supports_update_conflicts",
    "supports_update_conflicts_with_target",
    "supports_uuid4_function",
    "supports_uuid4_function_in_default",
    "supports_virtual_generated_columns",
    "update_can_self_select",
    "uses_savepoints",
];

const NO: &[&str] = &[
    "allows_group_by_selected_pks",
    "atomic_transactions",
    "can_create_inline_fk",
    "can_distinct_on_fields",
    "can_introspect_materialized_views",
    "can_rename_index",
    "collate_as_index_expression",
    "connection_persists_old_columns",
    "for_update_after_from",
    "gis_enabled",
    "greatest_least_ignores_nulls",
    "has_json_operators",
    "has_native_boolean_field",
    "has_native_duration_field",
    "has_native_json_field",
    "has_native_uuid_field",
    "has_real_datatype",
    "has_select_for_no_key_update",
    "has_select_for_update",
    "has_select_for_update_nowait",
    "has_select_for_update_of",
    "has_select_for_update_skip_locked",
    "implied_column_null",
    "interprets_empty_strings_as_nulls",
    "json_key_contains_list_matching_requires_list",
    "nulls_order_largest",
    "only_supports_unbounded_with_preceding_and_following",
    "related_fields_match_type",
    "requires_casted_case_in_updates",
    "requires_compound_order_by_subquery",
    "requires_explicit_null_ordering_when_grouping",
    "rounds_to_even",
    "schema_editor_uses_clientside_param_binding",
    "select_for_update_of_column",
    "supports_aggregate_distinct_multiple_argument",
    "supports_aggregate_order_by_clause",
    "supports_callproc_kwargs",
    "supports_cast_with_precision",
    "supports_combined_alters",
    "supports_comments",
    "supports_comments_inline",
    "supports_covering_indexes",
    "supports_default_keyword_in_insert",
    "supports_deferrable_unique_constraints",
    "supports_json_field_contains",
    "supports_logical_xor",
    "supports_nulls_distinct_unique_constraints",
    "supports_parentheses_in_compound",
    "supports_slicing_ordering_in_compound",
    "supports_tablespaces",
    "supports_timezones",
    "supports_uuid7_function",
    "supports_uuid7_function_shift",
    "test_db_allows_multiple_connections",
    "truncates_names",
];

/// `DatabaseFeatures`
pub fn class(vm: &VirtualMachine) -> PyResult<PyTypeRef> {
    if let Some(c) = CLASS.with_borrow(Clone::clone) {
        return Ok(c);
    }
    let ctx = &vm.ctx;
    let dict = ctx.new_dict();
    let set = |name: &str, value: PyObjectRef| dict.set_item(name, value, vm);
    set(
        "__module__",
        ctx.new_str("django.db.backends.sqlite3.features").into(),
    )?;
    for name in YES {
        set(name, ctx.new_bool(true).into())?;
    }
    for name in NO {
        set(name, ctx.new_bool(false).into())?;
    }
    let closed = crate::error::class(vm, "ProgrammingError");
    set("closed_cursor_error_class", closed.into())?;
    set(
        "django_test_expected_failures",
        vm.new_pyobj(PySet::default()),
    )?;
    set("django_test_skips", ctx.new_dict().into())?;
    set("bare_select_suffix", ctx.new_str("").into())?;
    set("empty_fetchmany_value", ctx.new_list(vec![]).into())?;
    set("minimum_database_version", vm.new_tuple((3, 37)).into())?;
    set("supported_explain_formats", vm.new_pyobj(PySet::default()))?;
    set("time_cast_precision", ctx.new_int(3).into())?;
    set(
        "insert_test_table_with_defaults",
        ctx.new_str("INSERT INTO {} (\"null\") VALUES (1)").into(),
    )?;
    for name in [
        "create_test_procedure_with_int_param_sql",
        "create_test_procedure_without_params_sql",
        "prohibits_null_characters_in_text_exception",
        "test_now_utc_template",
    ] {
        set(name, ctx.none())?;
    }
    let collations = ctx.new_dict();
    for (k, v) in [
        ("ci", "nocase"),
        ("cs", "binary"),
        ("non_default", "nocase"),
        ("virtual", "nocase"),
    ] {
        collations.set_item(k, ctx.new_str(v).into(), vm)?;
    }
    set("test_collations", collations.into())?;
    let types = ctx.new_dict();
    for (k, v) in FIELD_TYPES {
        types.set_item(*k, ctx.new_str(*v).into(), vm)?;
    }
    set("introspected_field_types", types.into())?;
    let made = ctx
        .types
        .type_type
        .as_object()
        .call(
            (ctx.new_str("DatabaseFeatures"), ctx.new_tuple(vec![]), dict),
            vm,
        )?
        .downcast::<PyType>()
        .map_err(|_| vm.new_type_error("type() made no class"))?;
    crate::class::fill_class(vm, &made, instance)?;
    modules::export(
        vm,
        "django.db.backends.sqlite3.features",
        "DatabaseFeatures",
        made.clone(),
    )?;
    orm_sql::functions::json::ask_by(ask_for_json);
    CLASS.set(Some(made.clone()));
    Ok(made)
}

const LIMIT: &str = "max_query_params";

const JSON: &str = "supports_json_field";

/// Whether the database has JSON functions. It is asked once, as Django asks it.
fn json(features: &PyObject, vm: &VirtualMachine) -> PyResult {
    let dict = features.dict();
    if let Some(dict) = &dict
        && let Some(known) = dict.get_item_opt(JSON, vm)?
    {
        return Ok(known);
    }
    let connection = features.get_attr("connection", vm)?;
    let Some(database) = connection.downcast_ref::<DatabaseWrapper>() else {
        return Ok(vm.ctx.new_bool(true).into());
    };
    let database = database.to_owned();
    let asked = atomic::atomic(vm, &database.alias, true, || {
        DatabaseWrapper::execute(&database, vm, "SELECT JSON('{\"a\": \"b\"}')", &[])
    });
    let there = match asked {
        Ok(_) => true,
        Err(e) if crate::error::is_a(vm, &e, "OperationalError") => false,
        Err(e) => return Err(e),
    };
    let there: PyObjectRef = vm.ctx.new_bool(there).into();
    if let Some(dict) = dict {
        dict.set_item(JSON, there.clone(), vm)?;
    }
    Ok(there)
}

/// Asks the connection `using`, for whom JSON functions are written.
fn ask_for_json(using: &str) -> orm_state::Result<()> {
    with_current_vm(|vm| {
        let database = super::database(vm, using)?;
        let features = crate::py::attr(vm, database.as_object(), "features")?;
        json(&features, vm).map(drop)
    })
    .or_foreign()
}

/// What was asked of the connection `using` is forgotten: a process begins.
pub fn forget(vm: &VirtualMachine, using: &str) -> PyResult<()> {
    let database = super::database(vm, using)?;
    let features = crate::py::attr(vm, database.as_object(), "features")?;
    match features.dict() {
        Some(dict) if dict.contains_key(JSON, vm) => dict.del_item(JSON, vm),
        _ => Ok(()),
    }
}

/// What depends on the connection.
fn instance(c: &mut Class) {
    c.method(
        "__init__",
        |o: PyObjectRef, connection: PyObjectRef, vm: &VirtualMachine| {
            o.set_attr("connection", connection, vm)
        },
    );
    c.property(
        LIMIT,
        |o, vm| {
            if let Some(dict) = o.dict()
                && let Some(given) = dict.get_item_opt(LIMIT, vm)?
            {
                return Ok(given);
            }
            let connection = o.get_attr("connection", vm)?;
            match connection.downcast_ref::<DatabaseWrapper>() {
                Some(database) => Ok(vm.ctx.new_int(database.sqlite(vm)?.variable_limit()).into()),
                None => Ok(vm.ctx.none()),
            }
        },
        |o, value, vm| crate::py::set_own(vm, &o, LIMIT, value),
    );
    c.property(
        JSON,
        |o, vm| json(&o, vm),
        |o, value, vm| crate::py::set_own(vm, &o, JSON, value),
    );
    for name in ["can_introspect_json_field", "has_json_object_function"] {
        c.getter(name, |o, vm| json(&o, vm));
    }
}

/// Forgets what belonged to an interpreter.
pub fn reset() {
    CLASS.set(None);
}

const FIELD_TYPES: &[(&str, &str)] = &[
    ("AutoField", "AutoField"),
    ("BigAutoField", "AutoField"),
    ("BigIntegerField", "BigIntegerField"),
    ("BinaryField", "BinaryField"),
    ("BooleanField", "BooleanField"),
    ("CharField", "CharField"),
    ("DurationField", "BigIntegerField"),
    ("GenericIPAddressField", "CharField"),
    ("IntegerField", "IntegerField"),
    ("PositiveBigIntegerField", "PositiveBigIntegerField"),
    ("PositiveIntegerField", "PositiveIntegerField"),
    ("PositiveSmallIntegerField", "PositiveSmallIntegerField"),
    ("SmallAutoField", "AutoField"),
    ("SmallIntegerField", "SmallIntegerField"),
    ("TimeField", "TimeField"),
];
