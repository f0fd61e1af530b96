//! Questions asked at a terminal, and the answers of `--noinput`.
use super::exit;
use super::output::Output;
use super::questions::{
    self, GO_ON, IGNORE, NOW, ONE_OFF, QUIT, QUIT_TO_EDIT, evaluate, field_default,
};
use crate::error::OrForeign;
use orm_migrations::{ModelState, Questioner};
use orm_state::field::FieldDefault;
use orm_state::{Field, Result, Value};
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{AsObject, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

/// Who answers the autodetector.
pub struct Asker {
    pub out: Output,
    pub interactive: bool,
    pub dry_run: bool,
    pub verbosity: u8,
    pub specified_apps: Vec<String>,
    /// Apps whose migrations package exists and is empty.
    pub fresh_apps: Vec<String>,
}

impl Asker {
    fn input(&self, vm: &Vm) -> PyResult<String> {
        let input = vm.builtins.get_attr("input", vm)?;
        let line = input.call((), vm)?;
        Ok(line.str(vm)?.to_string_lossy().into_owned())
    }
    /// An answer to a question with several lines: an interrupt leaves the command.
    fn answer(&self, vm: &Vm) -> PyResult<String> {
        match self.input(vm) {
            Err(e) if e.fast_isinstance(vm.ctx.exceptions.keyboard_interrupt) => {
                self.out.write(vm, "\nCancelled.\n")?;
                Err(exit(vm, 1))
            }
            other => other,
        }
    }
    /// `[y/N]`
    pub fn yes(&self, vm: &Vm, question: &str, default: bool) -> PyResult<bool> {
        self.yes_or(vm, question, Some(default))
    }
    /// A question that may insist on an answer.
    pub fn yes_or(&self, vm: &Vm, question: &str, default: Option<bool>) -> PyResult<bool> {
        self.out.write(vm, &format!("{question} "))?;
        let mut answer = self.input(vm)?;
        if answer.is_empty()
            && let Some(default) = default
        {
            return Ok(default);
        }
        loop {
            match answer.to_lowercase().chars().next() {
                Some('y') => return Ok(true),
                Some('n') => return Ok(false),
                _ => {}
            }
            self.out.write(vm, "Please answer yes or no: ")?;
            answer = self.input(vm)?;
        }
    }
    /// One of several, by its number.
    pub fn choice(&self, vm: &Vm, question: &str, choices: &[&str]) -> PyResult<usize> {
        self.out.line(vm, question)?;
        for (i, c) in choices.iter().enumerate() {
            self.out.line(vm, &format!(" {}) {c}", i + 1))?;
        }
        self.out.write(vm, "Select an option: ")?;
        loop {
            if let Ok(n) = self.answer(vm)?.trim().parse::<usize>()
                && (1..=choices.len()).contains(&n)
            {
                return Ok(n);
            }
            self.out.write(vm, "Please select a valid option: ")?;
        }
    }
    /// A value as Python code.
    pub fn default(&self, vm: &Vm, default: &str) -> PyResult<FieldDefault> {
        self.out
            .line(vm, "Please enter the default value as valid Python.")?;
        if !default.is_empty() {
            self.out.line(
                vm,
                &format!(
                    "Accept the default '{default}' by pressing 'Enter' or provide another value."
                ),
            )?;
        }
        self.out.line(
            vm,
            "The datetime and django.utils.timezone modules are available, so it is possible to provide e.g. \
             timezone.now as a value.",
        )?;
        self.out.line(vm, "Type 'exit' to exit this prompt")?;
        loop {
            let prompt = if default.is_empty() {
                ">>> ".into()
            } else {
                format!("[default: {default}] >>> ")
            };
            self.out.write(vm, &prompt)?;
            let mut code = self.answer(vm)?;
            if code.is_empty() {
                code = default.to_string();
            }
            if code.is_empty() {
                self.out.line(
                    vm,
                    "Please enter some code, or 'exit' (without quotes) to exit.",
                )?;
                continue;
            }
            if code == "exit" {
                return Err(exit(vm, 1));
            }
            match evaluate(vm, &code) {
                Ok(value) => return field_default(vm, value),
                Err(e) => {
                    let text = e.as_object().str(vm)?;
                    self.out.line(
                        vm,
                        &format!("{}: {}", e.class().name(), text.to_string_lossy()),
                    )?;
                }
            }
        }
    }
    fn lacking(&self, vm: &Vm, field: &str, model: &str, reason: &str) -> PyResult<FieldDefault> {
        if self.verbosity > 0 {
            self.out.line(
                vm,
                &format!("Field '{field}' on model '{model}' not migrated: {reason}."),
            )?;
        }
        Err(exit(vm, 3))
    }
}

fn null() -> FieldDefault {
    FieldDefault::Value(Value::Null)
}

impl Questioner for Asker {
    fn ask_initial(&self, app_label: &str) -> Result<bool> {
        let named = |apps: &[String]| apps.iter().any(|a| a == app_label);
        Ok(named(&self.specified_apps) || named(&self.fresh_apps))
    }
    fn ask_not_null_addition(&self, field: &str, model: &str) -> Result<FieldDefault> {
        with_current_vm(|vm| -> PyResult<FieldDefault> {
            if !self.interactive {
                let reason =
                    "it is impossible to add a non-nullable field without specifying a default";
                return self.lacking(vm, field, model, reason);
            }
            if self.dry_run {
                return Ok(null());
            }
            let question = questions::not_null_addition(field, model);
            match self.choice(vm, &question, &[ONE_OFF, QUIT])? {
                2 => Err(exit(vm, 3)),
                _ => self.default(vm, ""),
            }
        })
        .or_foreign()
    }
    fn ask_not_null_alteration(&self, field: &str, model: &str) -> Result<FieldDefault> {
        with_current_vm(|vm| -> PyResult<FieldDefault> {
            if !self.interactive {
                self.out.line(
                    vm,
                    &format!(
                        "Field '{field}' on model '{model}' given a default of NOT PROVIDED and must be corrected."
                    ),
                )?;
                return Ok(FieldDefault::NotProvided);
            }
            if self.dry_run {
                return Ok(null());
            }
            let question = questions::not_null_alteration(field, model);
            match self.choice(vm, &question, &[ONE_OFF, IGNORE, QUIT])? {
                2 => Ok(FieldDefault::NotProvided),
                3 => Err(exit(vm, 3)),
                _ => self.default(vm, ""),
            }
        })
        .or_foreign()
    }
    fn ask_rename(&self, model: &str, old: &str, new: &str, field: &Rc<Field>) -> Result<bool> {
        if !self.interactive {
            return Ok(false);
        }
        let question = format!("{} [y/N]", questions::rename(model, old, new, field));
        with_current_vm(|vm| self.yes(vm, &question, false)).or_foreign()
    }
    fn ask_rename_model(&self, old: &ModelState, new: &ModelState) -> Result<bool> {
        if !self.interactive {
            return Ok(false);
        }
        let question = format!("{} [y/N]", questions::rename_model(old, new));
        with_current_vm(|vm| self.yes(vm, &question, false)).or_foreign()
    }
    fn ask_merge(&self, _: &str) -> Result<bool> {
        if !self.interactive {
            return Ok(true);
        }
        let question = "\nMerging will only work if the operations printed above do not conflict\nwith each other \
                        (working on different fields or models)\nShould these migration branches be merged? [y/N]";
        with_current_vm(|vm| self.yes(vm, question, false)).or_foreign()
    }
    fn ask_auto_now_add_addition(&self, field: &str, model: &str) -> Result<FieldDefault> {
        with_current_vm(|vm| -> PyResult<FieldDefault> {
            if !self.interactive {
                let reason = "it is impossible to add a field with 'auto_now_add=True' without specifying a default";
                return self.lacking(vm, field, model, reason);
            }
            if self.dry_run {
                return Ok(null());
            }
            let question = questions::auto_now_add_addition(field, model);
            match self.choice(vm, &question, &[NOW, QUIT])? {
                2 => Err(exit(vm, 3)),
                _ => self.default(vm, "timezone.now"),
            }
        })
        .or_foreign()
    }
    fn ask_unique_callable_default_addition(&self, field: &str, model: &str) -> Result<()> {
        if !self.interactive || self.dry_run {
            return Ok(());
        }
        with_current_vm(|vm| -> PyResult<()> {
            let question = questions::unique_callable_default_addition(field, model);
            match self.choice(vm, &question, &[GO_ON, QUIT_TO_EDIT])? {
                2 => Err(exit(vm, 3)),
                _ => Ok(()),
            }
        })
        .or_foreign()
    }
}
