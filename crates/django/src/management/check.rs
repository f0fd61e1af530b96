//! `manage.py check`.
use super::args::Args;
use super::command::{Command, Opt, Positional};
use super::output::Output;
use super::{apps, command_error};
use crate::migrations::live;
use orm_state::FieldKind;
use rustpython_vm::{PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub const COMMAND: Command = Command {
    name: "check",
    positional: &[Positional::many("app_label")],
    own: &[
        Opt::value(&["-t", "--tag"], "tags"),
        Opt::flag(&["--list-tags"], "list_tags"),
        Opt::flag(&["--deploy"], "deploy"),
        Opt::value(&["--fail-level"], "fail_level"),
        Opt::value(&["--database"], "databases"),
    ],
    handle,
};

/// One finding: where, what, hint, number.
struct Finding {
    place: String,
    message: String,
    hint: Option<String>,
    id: &'static str,
}

impl Finding {
    fn text(&self) -> String {
        let hint = self
            .hint
            .as_ref()
            .map_or(String::new(), |h| format!("\n\tHINT: {h}"));
        format!("{}: ({}) {}{hint}", self.place, self.id, self.message)
    }
}

fn handle(vm: &Vm, args: &Args, out: &Output) -> PyResult<()> {
    apps::require(vm, &args.positional)?;
    let found = findings(vm, &args.positional)?;
    report(vm, &found, out, true)
}

/// The check that other commands begin with.
pub fn require(vm: &Vm, out: &Output) -> PyResult<()> {
    let found = findings(vm, &[])?;
    if found.is_empty() {
        Ok(())
    } else {
        report(vm, &found, out, false)
    }
}

fn report(vm: &Vm, found: &[Finding], out: &Output, show: bool) -> PyResult<()> {
    let count = match found.len() {
        0 => "no issues".to_string(),
        1 => "1 issue".to_string(),
        n => format!("{n} issues"),
    };
    if found.is_empty() {
        if show {
            out.line(
                vm,
                &format!("System check identified {count} (0 silenced)."),
            )?;
        }
        return Ok(());
    }
    let lines: Vec<String> = found.iter().map(Finding::text).collect();
    Err(command_error(
        vm,
        format!(
            "System check identified some issues:\n\nERRORS:\n{}\n\nSystem check identified {count} (0 silenced).",
            lines.join("\n")
        ),
    ))
}

/// Mistakes in fields and relations that models can hold.
fn findings(vm: &Vm, labels: &[String]) -> PyResult<Vec<Finding>> {
    let mut out = vec![];
    for model in live::apps(vm)?.models() {
        if model.options.borrow().auto_created
            || (!labels.is_empty() && !labels.contains(&model.app_label().to_string()))
        {
            continue;
        }
        let mut reverse: Vec<(String, String)> = vec![];
        for field in model
            .local_fields()
            .into_iter()
            .chain(model.local_many_to_many())
        {
            let place = format!("{}.{}", model.label(), field.name());
            let mut add = |id: &'static str, message: String, hint: Option<String>| {
                out.push(Finding {
                    place: place.clone(),
                    message,
                    hint,
                    id,
                });
            };
            let name = field.name().to_string();
            if name.ends_with('_') {
                add(
                    "fields.E001",
                    "Field names must not end with an underscore.".into(),
                    None,
                );
            } else if name.contains("__") {
                add(
                    "fields.E002",
                    "Field names must not contain \"__\".".into(),
                    None,
                );
            } else if name == "pk" && field.kind != FieldKind::CompositePrimaryKey {
                add(
                    "fields.E003",
                    "'pk' is a reserved word that cannot be used as a field name.".into(),
                    None,
                );
            }
            let o = field.options.borrow().clone();
            if field.kind == FieldKind::Decimal {
                if o.decimal_places.is_none() {
                    add(
                        "fields.E130",
                        "DecimalFields must define a 'decimal_places' attribute.".into(),
                        None,
                    );
                }
                if o.max_digits.is_none() {
                    add(
                        "fields.E132",
                        "DecimalFields must define a 'max_digits' attribute.".into(),
                        None,
                    );
                }
            }
            if field.primary_key.get() && field.null.get() {
                add(
                    "fields.E007",
                    "Primary keys must not have null=True.".into(),
                    Some(
                        "Set null=False on the field, or remove primary_key=True argument.".into(),
                    ),
                );
            }
            if let Some(rel) = &field.remote {
                match rel.model() {
                    None => add(
                        "fields.E300",
                        format!(
                            "Field defines a relation with model '{}', which is either not installed, or is abstract.",
                            orm_state::field::deconstruct::target_label(&rel.target())
                        ),
                        None,
                    ),
                    Some(_) if rel.hidden() => {}
                    Some(to) => {
                        let Some(accessor) = rel.accessor_name() else {
                            continue;
                        };
                        let key = (to.label(), accessor.clone());
                        if reverse.contains(&key) {
                            add(
                                "fields.E304",
                                format!(
                                    "Reverse accessor '{}.{accessor}' for '{place}' clashes with another reverse \
                                     accessor.",
                                    to.object_name()
                                ),
                                Some(format!(
                                    "Add or change a related_name argument to the definition for '{place}'."
                                )),
                            );
                        }
                        reverse.push(key);
                    }
                }
                if matches!(*rel.on_delete.borrow(), orm_state::OnDelete::SetNull)
                    && !field.null.get()
                {
                    add(
                        "fields.E320",
                        "Field specifies on_delete=SET_NULL, but cannot be null.".into(),
                        Some(
                            "Set null=True argument on the field, or change the on_delete rule."
                                .into(),
                        ),
                    );
                }
            }
        }
    }
    Ok(out)
}
