//! `import` of files: the project's in the page, a folder's natively.
//!
//! A finder at the end of `sys.meta_path` looks along `sys.path` (or a package's `__path__`) for
//! `NAME/__init__.py`, `NAME.py` or a folder `NAME`, and runs what it finds under its own file
//! name, so that tracebacks say where they are.
use crate::files;
use crate::host::Kind;
use rustpython_vm::builtins::{PyCode, PyStrRef};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::frozen::FrozenCodeObject;
use rustpython_vm::function::OptionalArg;
use rustpython_vm::scope::Scope;
use rustpython_vm::{
    Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine, compiler, pyclass,
};
use std::cell::RefCell;
use std::collections::HashMap;

/// Fills a module that Rust provides.
pub type Maker = fn(&VirtualMachine) -> PyResult<()>;

/// A module whose Python text travels inside the binary.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// Its dotted name: `django.core.paginator`.
    pub name: &'static str,
    /// Where tracebacks say it is: `django/core/paginator.py`.
    pub file: &'static str,
    /// Its code object, marshalled. A function, so that the page can leave behind what nobody
    /// asks for.
    pub code: fn() -> &'static [u8],
    /// What is in it, for tracebacks.
    pub source: fn() -> &'static str,
}

impl Text {
    fn is_package(&self) -> bool {
        self.file.ends_with("/__init__.py")
    }
}

/// A module that travels compiled.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// Its dotted name: `decimal`.
    pub name: &'static str,
    /// Whether it has modules below it.
    pub is_package: bool,
    /// Its code object, marshalled. A function, as with [`Text`].
    pub bytes: fn() -> &'static [u8],
}

thread_local! {
    static PROVIDED: RefCell<HashMap<&'static str, Maker>> = RefCell::default();
    static TEXTS: RefCell<HashMap<&'static str, Text>> = RefCell::default();
    static CODES: RefCell<HashMap<&'static str, Code>> = RefCell::default();
}

/// Promises compiled modules.
pub fn provide_codes(codes: &[Code]) {
    CODES.with_borrow_mut(|all| all.extend(codes.iter().map(|code| (code.name, *code))));
}

fn code(name: &str) -> Option<Code> {
    CODES.with_borrow(|all| all.get(name).copied())
}

/// Promises modules written in Python.
pub fn provide_texts(texts: &[Text]) {
    TEXTS.with_borrow_mut(|all| all.extend(texts.iter().map(|text| (text.name, *text))));
}

fn text(name: &str) -> Option<Text> {
    TEXTS.with_borrow(|all| all.get(name).copied())
}

/// Promises a module: `make` runs when it is first imported.
pub fn provide(name: &'static str, make: Maker) {
    PROVIDED.with_borrow_mut(|p| p.insert(name, make));
}

fn provided(name: &str) -> Option<Maker> {
    PROVIDED.with_borrow(|p| p.get(name).copied())
}

/// Finds and runs files.
#[pyclass(name = "FileImporter", module = "importlib.machinery")]
#[derive(Debug, PyPayload)]
pub struct FileImporter;

/// What the spec of a folder without `__init__.py` carries.
const FOLDER: &str = "folder";

/// Whether a module is a mere folder of files.
pub fn is_folder(vm: &VirtualMachine, module: &PyObject) -> bool {
    // Asked of the module's own names: most have no spec, and a question that raises takes long.
    let spec = module
        .dict()
        .and_then(|names| names.get_item_opt("__spec__", vm).ok()?);
    let state = |spec: PyObjectRef| spec.get_attr("loader_state", vm)?.str(vm);
    spec.filter(|spec| !vm.is_none(spec))
        .is_some_and(|spec| state(spec).is_ok_and(|s| s.to_string_lossy() == FOLDER))
}

enum Found {
    Module(String),
    Package(String, String),
    Folder(String),
}

fn join(folder: &str, name: &str) -> String {
    match folder.trim_end_matches('/') {
        "" if folder.starts_with('/') => format!("/{name}"),
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

fn is_file(path: &str) -> bool {
    matches!(files::stat(path), Some(Kind::File { .. }))
}

fn look(folder: &str, name: &str) -> Option<Found> {
    let path = join(folder, name);
    let init = format!("{path}/__init__.py");
    if is_file(&init) {
        return Some(Found::Package(init, path));
    }
    let file = format!("{path}.py");
    if is_file(&file) {
        return Some(Found::Module(file));
    }
    (files::stat(&path) == Some(Kind::Folder)).then_some(Found::Folder(path))
}

#[pyclass]
impl FileImporter {
    #[pymethod]
    fn find_spec(
        zelf: rustpython_vm::PyRef<Self>,
        fullname: PyStrRef,
        path: OptionalArg<Option<PyObjectRef>>,
        _target: OptionalArg<PyObjectRef>,
        vm: &VirtualMachine,
    ) -> PyResult {
        let full = fullname.to_string_lossy().into_owned();
        if let Some(code) = code(&full) {
            let folders = code.is_package.then(Vec::new);
            let spec = spec(vm, &full, &zelf.into(), None, folders)?;
            spec.set_attr("origin", vm.ctx.new_str("frozen"), vm)?;
            return Ok(spec);
        }
        if provided(&full).is_some() {
            return spec(vm, &full, &zelf.into(), None, Some(Vec::new()));
        }
        if let Some(text) = text(&full) {
            // A package's folder is no place on a disk: what is below it has a text of its own.
            let folders = text.is_package().then(Vec::new);
            return spec(vm, &full, &zelf.into(), Some(text.file), folders);
        }
        let name = full.rsplit('.').next().unwrap_or(&full);
        let path = match path.flatten() {
            Some(path) => path,
            None => vm.sys_module.get_attr("path", vm)?,
        };
        let mut folders = Vec::new();
        for entry in path.get_iter(vm)?.iter::<PyObjectRef>(vm)? {
            let entry = entry?.str(vm)?.to_string_lossy().into_owned();
            match look(&entry, name) {
                Some(Found::Module(file)) => {
                    return spec(vm, &full, &zelf.into(), Some(&file), None);
                }
                Some(Found::Package(file, folder)) => {
                    return spec(vm, &full, &zelf.into(), Some(&file), Some(vec![folder]));
                }
                Some(Found::Folder(folder)) => folders.push(folder),
                None => {}
            }
        }
        if folders.is_empty() {
            return Ok(vm.ctx.none());
        }
        // importlib's own loader of mere folders wants a disk; this one has nothing to run for them.
        let spec = spec(vm, &full, &zelf.into(), None, Some(folders))?;
        spec.set_attr("loader_state", vm.ctx.new_str(FOLDER), vm)?;
        Ok(spec)
    }

    #[pymethod]
    fn create_module(_zelf: &Py<Self>, _spec: PyObjectRef, vm: &VirtualMachine) -> PyObjectRef {
        vm.ctx.none()
    }

    #[pymethod]
    fn exec_module(_zelf: &Py<Self>, module: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        let name = module.get_attr("__name__", vm)?.str(vm)?;
        if let Some(make) = provided(&name.to_string_lossy()) {
            return make(vm);
        }
        let dict = module
            .dict()
            .ok_or_else(|| vm.new_type_error("a module without a __dict__"))?;
        if let Some(code) = code(&name.to_string_lossy()) {
            let code = PyCode::new_ref_from_frozen(vm, frozen((code.bytes)()));
            dict.set_item("__builtins__", vm.builtins.clone().into(), vm)?;
            return vm
                .run_code_obj(code, Scope::with_builtins(None, dict, vm))
                .map(drop);
        }
        let file = match vm.get_attribute_opt(&module, "__file__")? {
            Some(file) if !vm.is_none(&file) => file.str(vm)?.to_string_lossy().into_owned(),
            // A mere folder.
            _ => return Ok(()),
        };
        let code = match text(&name.to_string_lossy()) {
            Some(text) => vm.ctx.new_code(frozen((text.code)())),
            None => {
                let source = source(vm, &file)?;
                vm.compile(&source, compiler::Mode::Exec, file)
                    .map_err(|e| e.into_pyexception(vm, Some(&source)))?
            }
        };
        dict.set_item("__builtins__", vm.builtins.clone().into(), vm)?;
        vm.run_code_obj(code, Scope::with_builtins(None, dict, vm))
            .map(drop)
    }

    #[pymethod]
    fn get_source(_zelf: &Py<Self>, fullname: PyStrRef, vm: &VirtualMachine) -> PyResult {
        if let Some(text) = text(&fullname.to_string_lossy()) {
            return Ok(vm.ctx.new_str((text.source)()).into());
        }
        if code(&fullname.to_string_lossy()).is_some() {
            return Ok(vm.ctx.none());
        }
        let modules = vm.sys_module.get_attr("modules", vm)?;
        let file = modules.get_item(&*fullname, vm)?.get_attr("__file__", vm)?;
        let file = file.str(vm)?.to_string_lossy().into_owned();
        Ok(vm.ctx.new_str(source(vm, &file)?).into())
    }

    #[pymethod]
    fn get_filename(_zelf: &Py<Self>, fullname: PyStrRef, vm: &VirtualMachine) -> PyResult {
        let modules = vm.sys_module.get_attr("modules", vm)?;
        modules.get_item(&*fullname, vm)?.get_attr("__file__", vm)
    }

    #[pymethod]
    fn is_package(_zelf: &Py<Self>, fullname: PyStrRef, vm: &VirtualMachine) -> PyResult<bool> {
        let modules = vm.sys_module.get_attr("modules", vm)?;
        let module = modules.get_item(&*fullname, vm)?;
        Ok(module.get_attr("__path__", vm).is_ok())
    }
}

/// A code object as RustPython keeps frozen ones: behind its size, in an LZ4 block, which may
/// consist of literals alone.
fn frozen(marshalled: &[u8]) -> FrozenCodeObject<Vec<u8>> {
    let length = marshalled.len();
    let mut bytes = Vec::with_capacity(length + length / 255 + 8);
    bytes.extend((length as u32).to_le_bytes());
    if let Some(more) = length.checked_sub(15) {
        bytes.push(0xf0);
        bytes.extend(std::iter::repeat_n(255, more / 255));
        bytes.push((more % 255) as u8);
    } else {
        bytes.push((length as u8) << 4);
    }
    bytes.extend_from_slice(marshalled);
    FrozenCodeObject { bytes }
}

/// A file's text.
fn source(vm: &VirtualMachine, file: &str) -> PyResult<String> {
    let bytes = files::read(file).map_err(|e| {
        let path = vm.ctx.new_str(file).into();
        crate::native::posix::os_error(vm, &e, &path)
    })?;
    let text = String::from_utf8(bytes).map_err(|e| {
        vm.new_exception_msg(
            vm.ctx.exceptions.syntax_error.to_owned(),
            format!(
                "(unicode error) 'utf-8' codec can't decode byte {:#04x} in position {}: invalid start byte",
                e.as_bytes().get(e.utf8_error().valid_up_to()).copied().unwrap_or(0),
                e.utf8_error().valid_up_to()
            )
            .into(),
        )
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

fn spec(
    vm: &VirtualMachine,
    name: &str,
    loader: &PyObjectRef,
    file: Option<&str>,
    folders: Option<Vec<String>>,
) -> PyResult {
    let bootstrap = vm
        .sys_module
        .get_attr("modules", vm)?
        .get_item("_frozen_importlib", vm)?;
    let class = bootstrap.get_attr("ModuleSpec", vm)?;
    let spec = class.call((vm.ctx.new_str(name), loader.clone()), vm)?;
    if let Some(file) = file {
        spec.set_attr("origin", vm.ctx.new_str(file), vm)?;
        // Without it, `cached` asks the part of importlib that reads disks.
        spec.set_attr("_cached", vm.ctx.new_str(""), vm)?;
        spec.set_attr("_set_fileattr", vm.ctx.new_bool(true), vm)?;
    }
    if let Some(folders) = folders {
        let folders = folders
            .into_iter()
            .map(|f| vm.ctx.new_str(f).into())
            .collect();
        spec.set_attr("submodule_search_locations", vm.ctx.new_list(folders), vm)?;
    }
    Ok(spec)
}

/// Puts the finder behind the built-in and frozen ones.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let _ = FileImporter::make_static_type();
    let path = vm.sys_module.get_attr("meta_path", vm)?;
    provide_codes(crate::stdlib::CODES);
    let finder: PyObjectRef = FileImporter.into_ref(&vm.ctx).into();
    vm.call_method(&path, "append", (finder,)).map(drop)
}
