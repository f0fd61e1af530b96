//! One Python interpreter, ready to run a project.
use crate::failure::{self, Failure};
use crate::script::{self, Kind, Statement};
use crate::{host, importer, native, stdlib};
use rustpython_vm::builtins::PyDictRef;
use rustpython_vm::scope::Scope;
use rustpython_vm::signal::{UserSignalSender, user_signal_channel};
use rustpython_vm::{Interpreter, PyObjectRef, PyResult, Settings, VirtualMachine, compiler};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long a stop is tried for; what runs may be inside one long call.
const PATIENCE: Duration = Duration::from_secs(5);

/// A Python interpreter with its library, its host and whatever modules were added.
pub struct Runtime {
    interpreter: Interpreter,
    signals: UserSignalSender,
}

/// What a statement left behind.
#[derive(Debug)]
pub struct Left {
    /// The value of an expression, or of the name that was assigned to.
    pub value: Option<PyObjectRef>,
    /// What it raised.
    pub raised: Option<Failure>,
}

impl Runtime {
    /// Starts an interpreter. `install` runs once inside it, to add modules.
    pub fn new(
        host: Rc<dyn host::Host>,
        install: impl FnOnce(&VirtualMachine) -> PyResult<()>,
    ) -> Result<Self, Failure> {
        host::set(host);
        let mut settings = Settings::default();
        settings.install_signal_handlers = false;
        settings.import_site = false;
        settings.hash_seed = Some(0);
        settings.write_bytecode = false;
        let (signals, receiver) = user_signal_channel();
        let builder = Interpreter::builder(settings);
        let mut modules = rustpython_stdlib::stdlib_module_defs(&builder.ctx);
        modules.extend(native::module_defs(&builder.ctx));
        let interpreter = builder
            .add_native_modules(&modules)
            .add_frozen_modules(stdlib::FROZEN)
            .init_hook(move |vm| vm.set_user_signal_channel(receiver))
            .build();
        let runtime = Runtime {
            interpreter,
            signals,
        };
        runtime.enter(|vm| {
            prepare(vm)
                .and_then(|()| install(vm))
                .map_err(|e| failure::describe(vm, &e))
        })?;
        Ok(runtime)
    }

    /// Runs something inside the interpreter.
    pub fn enter<T>(&self, f: impl FnOnce(&VirtualMachine) -> T) -> T {
        self.interpreter.enter(f)
    }

    /// Something another thread can use to stop what runs.
    pub fn stopper(&self) -> Stopper {
        Stopper {
            signals: self.signals.clone(),
            armed: Arc::new(AtomicBool::new(true)),
        }
    }
}

/// Stops what an interpreter runs, from another thread.
#[derive(Clone, Debug)]
pub struct Stopper {
    signals: UserSignalSender,
    armed: Arc<AtomicBool>,
}

impl Stopper {
    /// Raises `KeyboardInterrupt` at the next instruction, unless disarmed by then; returns when
    /// it was raised, or after [`PATIENCE`].
    ///
    /// The flag that tells an interpreter to look for signals belongs to the whole process: where
    /// several run, another one may have taken it. So it is sent until it arrives.
    pub fn stop(&self, why: &'static str) {
        let begun = Instant::now();
        while self.armed.load(Ordering::SeqCst) && begun.elapsed() < PATIENCE {
            let armed = Arc::clone(&self.armed);
            let _ = self.signals.send(Box::new(move |vm| {
                if !armed.swap(false, Ordering::SeqCst) {
                    return Ok(());
                }
                Err(vm.new_exception_msg(
                    vm.ctx.exceptions.keyboard_interrupt.to_owned(),
                    why.to_owned().into(),
                ))
            }));
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Lets a stop that has not arrived yet do nothing.
    pub fn disarm(&self) {
        self.armed.store(false, Ordering::SeqCst);
    }
}

fn prepare(vm: &VirtualMachine) -> PyResult<()> {
    // Debug builds of the interpreter start with a quarter of it; the stack's own end is watched
    // besides.
    vm.recursion_limit.set(1000);
    native::stdio::install(vm)?;
    native::clock::install(vm)?;
    native::errno::install(vm)?;
    native::files::install(vm)?;
    importer::install(vm)
}

/// Sets where `import` looks for files.
pub fn set_path(vm: &VirtualMachine, folders: &[&str]) -> PyResult<()> {
    let folders = folders.iter().map(|f| vm.ctx.new_str(*f).into()).collect();
    vm.sys_module.set_attr("path", vm.ctx.new_list(folders), vm)
}

/// Forgets an imported module and everything below it.
pub fn forget(vm: &VirtualMachine, is_forgotten: impl Fn(&str) -> bool) -> PyResult<()> {
    let modules = vm.sys_module.get_attr("modules", vm)?;
    let modules: PyDictRef = modules.try_into_value(vm)?;
    let names: Vec<PyObjectRef> = modules.clone().into_iter().map(|(name, _)| name).collect();
    for name in names {
        let text = name.str(vm)?.to_string_lossy().into_owned();
        if is_forgotten(&text) {
            modules.del_item(&*name, vm)?;
        }
    }
    Ok(())
}

/// A namespace to run a script in.
pub fn namespace(vm: &VirtualMachine, name: &str) -> PyResult<PyDictRef> {
    let dict = vm.ctx.new_dict();
    dict.set_item("__name__", vm.ctx.new_str(name).into(), vm)?;
    dict.set_item("__builtins__", vm.builtins.clone().into(), vm)?;
    Ok(dict)
}

/// Runs a whole script in a namespace.
pub fn run(
    vm: &VirtualMachine,
    globals: &PyDictRef,
    file: &str,
    source: &str,
) -> Result<(), Failure> {
    let run = || {
        let code = vm
            .compile(source, compiler::Mode::Exec, file)
            .map_err(|e| e.into_pyexception(vm, Some(source)))?;
        let scope = Scope::with_builtins(None, globals.clone(), vm);
        vm.run_code_obj(code, scope)
    };
    run().map(drop).map_err(|e| failure::describe(vm, &e))
}

/// Runs one statement of a script and keeps what it comes to.
pub fn run_statement(
    vm: &VirtualMachine,
    globals: &PyDictRef,
    file: &str,
    source: &str,
    statement: &Statement,
) -> Left {
    let run = || {
        let alone = script::isolated(source, statement);
        let mode = match statement.kind {
            // The last expression's value is the block's.
            Kind::Expression => compiler::Mode::BlockExpr,
            _ => compiler::Mode::Exec,
        };
        let code = vm
            .compile(&alone, mode, file)
            .map_err(|e| e.into_pyexception(vm, Some(source)))?;
        let scope = Scope::with_builtins(None, globals.clone(), vm);
        vm.run_code_obj(code, scope)
    };
    match run() {
        Ok(value) => Left {
            value: match &statement.kind {
                Kind::Expression => Some(value),
                Kind::Assignment(name) => globals.get_item_opt(name.as_str(), vm).ok().flatten(),
                Kind::Other => None,
            },
            raised: None,
        },
        Err(e) => Left {
            value: None,
            raised: Some(failure::describe(vm, &e)),
        },
    }
}

/// Compiles a whole script, to learn of syntax errors before anything runs.
pub fn check(vm: &VirtualMachine, file: &str, source: &str) -> Result<(), Failure> {
    vm.compile(source, compiler::Mode::Exec, file)
        .map(drop)
        .map_err(|e| failure::describe(vm, &e.into_pyexception(vm, Some(source))))
}
