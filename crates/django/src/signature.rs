//! What Python says of a call whose arguments do not fit the function.
//!
//! ```text
//! Signature::of("QuerySet.first", &[])            first(5)   →  QuerySet.first() takes 1 positional
//!                                                               argument but 2 were given
//! Signature::of("QuerySet.contains", &["obj"])    contains() →  QuerySet.contains() missing 1 required
//!                                                               positional argument: 'obj'
//! ```
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{PyResult, VirtualMachine};

/// A method's parameters, without the instance.
#[derive(Debug)]
pub struct Signature {
    name: &'static str,
    params: &'static [&'static str],
    required: usize,
    keyword_only: &'static [&'static str],
    any_positional: bool,
    any_keyword: bool,
}

impl Signature {
    /// All of these parameters are required.
    pub const fn of(name: &'static str, params: &'static [&'static str]) -> Signature {
        Signature {
            name,
            params,
            required: params.len(),
            keyword_only: &[],
            any_positional: false,
            any_keyword: false,
        }
    }
    /// Only the first so many are.
    pub const fn required(self, required: usize) -> Signature {
        Signature { required, ..self }
    }
    /// And these by their names only.
    pub const fn keyword_only(self, keyword_only: &'static [&'static str]) -> Signature {
        Signature {
            keyword_only,
            ..self
        }
    }
    /// And `*args`.
    pub const fn any_positional(self) -> Signature {
        Signature {
            any_positional: true,
            ..self
        }
    }
    /// And `**kwargs`.
    pub const fn any_keyword(self) -> Signature {
        Signature {
            any_keyword: true,
            ..self
        }
    }

    /// Refuses what does not fit.
    pub fn check(&self, vm: &VirtualMachine, args: &FuncArgs) -> PyResult<()> {
        let given = args.args.len();
        let mut named = 0;
        for (key, _) in &args.kwargs {
            let key = key.to_string_lossy();
            match self.params.iter().position(|p| *p == key) {
                Some(at) if at < given => {
                    return Err(
                        self.refuse(vm, &format!("got multiple values for argument '{key}'"))
                    );
                }
                Some(_) => {}
                None if self.keyword_only.contains(&&*key) => named += 1,
                None if self.any_keyword => {}
                None => {
                    let text = format!("got an unexpected keyword argument '{key}'");
                    return Err(self.refuse(vm, &text));
                }
            }
        }
        if given > self.params.len() && !self.any_positional {
            return Err(self.too_many(vm, given, named));
        }
        let missing: Vec<String> = self.params[..self.required]
            .iter()
            .skip(given)
            .filter(|name| {
                !args
                    .kwargs
                    .iter()
                    .any(|(k, _)| k.to_string_lossy() == **name)
            })
            .map(|name| format!("'{name}'"))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let text = format!(
            "missing {} required positional argument{}: {}",
            missing.len(),
            plural(missing.len()),
            listed(&missing)
        );
        Err(self.refuse(vm, &text))
    }
    /// Checks, and gives the only argument.
    pub fn one(&self, vm: &VirtualMachine, args: FuncArgs) -> PyResult {
        self.check(vm, &args)?;
        let mut all = args
            .args
            .into_iter()
            .chain(args.kwargs.into_iter().map(|(_, v)| v));
        all.next()
            .ok_or_else(|| self.refuse(vm, "missing 1 required positional argument"))
    }

    fn too_many(&self, vm: &VirtualMachine, given: usize, named: usize) -> PyBaseExceptionRef {
        let (least, most) = (self.required + 1, self.params.len() + 1);
        let takes = if least == most {
            most.to_string()
        } else {
            format!("from {least} to {most}")
        };
        let given = given + 1;
        let extra = if named == 0 {
            String::new()
        } else {
            format!(
                " positional argument{} (and {named} keyword-only argument{})",
                plural(given),
                plural(named)
            )
        };
        let text = format!(
            "takes {takes} positional argument{} but {given}{extra} were given",
            plural(most)
        );
        self.refuse(vm, &text)
    }
    fn refuse(&self, vm: &VirtualMachine, text: &str) -> PyBaseExceptionRef {
        vm.new_type_error(format!("{}() {text}", self.name))
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// `'a'`, `'a' and 'b'`, `'a', 'b', and 'c'`
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [most @ .., last] => format!("{}, and {last}", most.join(", ")),
    }
}
