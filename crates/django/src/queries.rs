//! Managers, querysets, expressions: the querying half of `django.db.models`.
//!
//! ```text
//! Book.objects  ──get_queryset()──▶  QuerySet { Query, cache }  ──fetch──▶  rows  ──▶  instances
//!  (manager)                           │ filter, annotate, …
//!                                      ▼
//!                                   orm_sql::Query ──Compiler──▶ SQL
//! ```
pub mod awaitable;
pub mod bridge;
pub mod chain_hook;
pub mod deletion;
pub mod execute;
pub mod exprs;
pub mod fetch;
pub mod fetch_modes;
pub mod filtered_relation;
pub mod hints;
pub mod manager;
pub mod origins;
pub mod prefetch;
pub mod py_query;
pub mod q;
pub mod query_methods;
pub mod queryset;
pub mod raw;
pub mod related;
pub mod restrictions;
pub mod rows;
pub mod sql_names;
pub mod where_node;

use rustpython_vm::{PyResult, VirtualMachine};

/// Puts the querying half into `django.db.models`.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    bridge::install();
    restrictions::install();
    awaitable::install();
    fetch::install();
    fetch_modes::install(vm)?;
    q::install(vm)?;
    py_query::install(vm)?;
    sql_names::install(vm)?;
    where_node::install(vm)?;
    filtered_relation::install(vm)?;
    queryset::install(vm)?;
    raw::install(vm)?;
    deletion::install(vm)?;
    prefetch::install(vm)?;
    manager::install(vm)?;
    related::install(vm)
}
