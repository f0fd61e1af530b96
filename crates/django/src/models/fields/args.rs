//! The arguments of a field's constructor, by name.
//!
//! `DecimalField("price", max_digits=5)` → `{verbose_name: "price", max_digits: 5}`
use orm_state::FieldKind;
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

/// Positional parameters of `Field.__init__`.
const FIELD: &[&str] = &[
    "verbose_name",
    "name",
    "primary_key",
    "max_length",
    "unique",
    "blank",
    "null",
    "db_index",
    "rel",
    "default",
    "editable",
    "serialize",
    "unique_for_date",
    "unique_for_month",
    "unique_for_year",
    "choices",
    "help_text",
    "db_column",
    "db_tablespace",
    "auto_created",
    "validators",
    "error_messages",
    "db_comment",
    "db_default",
];

/// Positional parameters, and the name in messages, of each kind's own constructor.
/// Source: "Model field reference" in Django's documentation.
fn positional(kind: FieldKind) -> (&'static str, &'static [&'static str]) {
    use FieldKind::*;
    match kind {
        Date | DateTime | Time => (
            "DateField",
            &["verbose_name", "name", "auto_now", "auto_now_add"],
        ),
        Decimal => (
            "DecimalField",
            &["verbose_name", "name", "max_digits", "decimal_places"],
        ),
        FilePath => (
            "FilePathField",
            &[
                "verbose_name",
                "name",
                "path",
                "match",
                "recursive",
                "allow_files",
                "allow_folders",
            ],
        ),
        GenericIpAddress => (
            "GenericIPAddressField",
            &["verbose_name", "name", "protocol", "unpack_ipv4"],
        ),
        Json => ("JSONField", &["verbose_name", "name", "encoder", "decoder"]),
        File => (
            "FileField",
            &["verbose_name", "name", "upload_to", "storage"],
        ),
        Image => (
            "ImageField",
            &["verbose_name", "name", "width_field", "height_field"],
        ),
        ForeignKey => (
            "ForeignKey",
            &[
                "to",
                "on_delete",
                "related_name",
                "related_query_name",
                "limit_choices_to",
                "parent_link",
                "to_field",
                "db_constraint",
            ],
        ),
        OneToOne => ("OneToOneField", &["to", "on_delete", "to_field"]),
        ManyToMany => (
            "ManyToManyField",
            &[
                "to",
                "related_name",
                "related_query_name",
                "limit_choices_to",
                "symmetrical",
                "through",
                "through_fields",
                "db_constraint",
                "db_table",
                "swappable",
            ],
        ),
        ForeignObject => (
            "ForeignObject",
            &[
                "to",
                "on_delete",
                "from_fields",
                "to_fields",
                "rel",
                "related_name",
                "related_query_name",
                "limit_choices_to",
                "parent_link",
                "swappable",
            ],
        ),
        GenericRelation => (
            "GenericRelation",
            &[
                "to",
                "object_id_field",
                "content_type_field",
                "for_concrete_model",
                "related_query_name",
                "limit_choices_to",
            ],
        ),
        GenericForeignKey => (
            "GenericForeignKey",
            &["ct_field", "fk_field", "for_concrete_model"],
        ),
        Generated => ("GeneratedField", &[]),
        _ => ("Field", FIELD),
    }
}

/// Keyword-only options that a kind has beside those of `Field`.
fn own_keywords(kind: FieldKind) -> &'static [&'static str] {
    use FieldKind::*;
    match kind {
        Char | Email | Url => &["db_collation"],
        Slug => &["db_collation", "allow_unicode"],
        Text => &["db_collation"],
        Generated => &["expression", "output_field", "db_persist"],
        OneToOne => &[
            "related_name",
            "related_query_name",
            "limit_choices_to",
            "parent_link",
            "db_constraint",
            "swappable",
        ],
        ForeignKey => &["swappable"],
        Image => &["upload_to", "storage"],
        _ => &[],
    }
}

/// Arguments by name, taken one by one.
#[derive(Debug)]
pub struct Args {
    names: Vec<(String, PyObjectRef)>,
}

impl Args {
    /// Names the positional ones.
    pub fn new(vm: &VirtualMachine, kind: FieldKind, args: FuncArgs) -> PyResult<Args> {
        let (who, order) = positional(kind);
        if kind == FieldKind::CompositePrimaryKey {
            let names = vm.ctx.new_tuple(args.args);
            let mut out = vec![("args".to_string(), names.into())];
            out.extend(args.kwargs.into_iter().map(|(k, v)| (k.to_string(), v)));
            return Ok(Args { names: out });
        }
        if args.args.len() > order.len() {
            return Err(vm.new_type_error(format!(
                "{who}.__init__() takes from 1 to {} positional arguments but {} were given",
                order.len() + 1,
                args.args.len() + 1
            )));
        }
        let mut names: Vec<(String, PyObjectRef)> = vec![];
        for (name, value) in order.iter().zip(args.args) {
            names.push(((*name).to_string(), value));
        }
        for (name, value) in args.kwargs {
            let name = name.to_string();
            if names.iter().any(|(n, _)| *n == name) {
                return Err(vm.new_type_error(format!(
                    "{who}.__init__() got multiple values for argument '{name}'"
                )));
            }
            if !order.contains(&name.as_str())
                && !own_keywords(kind).contains(&name.as_str())
                && !FIELD.contains(&name.as_str())
            {
                return Err(vm.new_type_error(format!(
                    "Field.__init__() got an unexpected keyword argument '{name}'"
                )));
            }
            names.push((name, value));
        }
        Ok(Args { names })
    }
    pub fn take(&mut self, name: &str) -> Option<PyObjectRef> {
        let at = self.names.iter().position(|(n, _)| n == name)?;
        Some(self.names.remove(at).1)
    }
    /// An argument, left where it is.
    pub fn peek(&self, name: &str) -> Option<PyObjectRef> {
        let (_, value) = self.names.iter().find(|(n, _)| n == name)?;
        Some(value.clone())
    }
    /// An argument that must be there.
    pub fn required(
        &mut self,
        vm: &VirtualMachine,
        class: &str,
        names: &[&str],
    ) -> Result<(), PyBaseExceptionRef> {
        let missing: Vec<String> = names
            .iter()
            .filter(|n| !self.names.iter().any(|(k, _)| k == *n))
            .map(|n| format!("'{n}'"))
            .collect();
        match missing.len() {
            0 => Ok(()),
            1 => Err(vm.new_type_error(format!(
                "{class}.__init__() missing 1 required positional argument: {}",
                missing[0]
            ))),
            n => Err(vm.new_type_error(format!(
                "{class}.__init__() missing {n} required positional arguments: {}",
                missing.join(" and ")
            ))),
        }
    }
    /// `None` counts as absent.
    pub fn take_some(&mut self, vm: &VirtualMachine, name: &str) -> Option<PyObjectRef> {
        self.take(name).filter(|v| !vm.is_none(v))
    }
    pub fn take_bool(&mut self, vm: &VirtualMachine, name: &str, default: bool) -> PyResult<bool> {
        match self.take(name) {
            Some(v) => v.is_true(vm),
            None => Ok(default),
        }
    }
    pub fn take_string(&mut self, vm: &VirtualMachine, name: &str) -> PyResult<Option<String>> {
        match self.take_some(vm, name) {
            Some(v) => Ok(Some(crate::py::to_string(vm, &v)?)),
            None => Ok(None),
        }
    }
}
