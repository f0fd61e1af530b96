//! `django.db.backends.utils`: identifiers, cut to what databases allow.
use crate::class::function;
use crate::{modules, py};
use orm_sql::schema::naming;
use rustpython_vm::function::OptionalArg;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;
const MODULE: &str = "django.db.backends.utils";

pub fn install(vm: &Vm) -> PyResult<()> {
    let truncate = function(
        vm,
        "truncate_name",
        |name: String,
         length: OptionalArg<PyObjectRef>,
         hash_len: OptionalArg<usize>,
         vm: &Vm|
         -> PyResult<String> {
            let length = match length.into_option().filter(|l| !vm.is_none(l)) {
                Some(l) => Some(l.try_into_value::<usize>(vm)?),
                None => None,
            };
            Ok(truncate_name(&name, length, hash_len.unwrap_or(4)))
        },
    );
    modules::export(vm, MODULE, "truncate_name", truncate)?;
    let split = function(vm, "split_identifier", |name: String, vm: &Vm| {
        let (namespace, name) = naming::split_identifier(&name);
        vm.ctx
            .new_tuple(vec![py::str(vm, namespace), py::str(vm, name)])
    });
    modules::export(vm, MODULE, "split_identifier", split)?;
    let strip = function(vm, "strip_quotes", |name: String| -> String {
        strip_quotes(&name).to_string()
    });
    modules::export(vm, MODULE, "strip_quotes", strip)
}

/// The name within its quotes.
fn strip_quotes(name: &str) -> &str {
    name.strip_prefix('"')
        .and_then(|n| n.strip_suffix('"'))
        .unwrap_or(name)
}

/// A name no longer than `length`: its beginning and a hash of all of it; a schema stays.
fn truncate_name(identifier: &str, length: Option<usize>, hash_len: usize) -> String {
    let (namespace, name) = naming::split_identifier(identifier);
    let Some(length) = length.filter(|l| name.chars().count() > *l) else {
        return identifier.to_string();
    };
    let kept: String = name.chars().take(length.saturating_sub(hash_len)).collect();
    let cut = format!("{kept}{}", naming::names_digest(&[name], hash_len));
    if namespace.is_empty() {
        cut
    } else {
        format!("{namespace}\".\"{cut}")
    }
}
