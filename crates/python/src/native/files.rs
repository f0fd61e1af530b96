//! `open`: whole files, read from and written back to the host.
use crate::files;
use crate::host::{self, FileError};
use crate::native::descriptors;
use crate::native::posix::os_error;
use rustpython_vm::builtins::{PyBytesRef, PyStrRef, PyType, PyTypeRef};
use rustpython_vm::function::{FsPath, FuncArgs, ItemDoc, OptionalArg, PyMethodFlags};
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

/// Replaces `open` everywhere it is found.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let io = vm.import("_io", 0)?;
    let class = file_class(vm, io.get_attr("BytesIO", vm)?)?;
    io.set_attr("_HostFile", class, vm)?;
    let open: PyObjectRef = vm.new_function("open", open).into();
    io.set_attr("open", open.clone(), vm)?;
    vm.builtins.set_attr("open", open, vm)
}

/// A subclass of `BytesIO` that saves itself.
fn file_class(vm: &VirtualMachine, base: PyObjectRef) -> PyResult<PyTypeRef> {
    let dict = vm.ctx.new_dict();
    dict.set_item("__module__", vm.ctx.new_str("_io").into(), vm)?;
    let made = vm.ctx.types.type_type.as_object().call(
        (
            vm.ctx.new_str("BufferedRandom"),
            vm.ctx.new_tuple(vec![base]),
            dict,
        ),
        vm,
    )?;
    let class = made
        .downcast::<PyType>()
        .map_err(|_| vm.new_type_error("type() returned no class"))?;
    let holder: &'static rustpython_vm::Py<PyType> = Box::leak(Box::new(class.clone()));
    let flags = PyMethodFlags::METHOD;
    let flush = vm.ctx.new_method_def("flush", save, flags, ItemDoc::NONE);
    let close = vm.ctx.new_method_def("close", close, flags, ItemDoc::NONE);
    for (name, def) in [("flush", flush), ("close", close)] {
        let method = def.build_method(holder, vm);
        class.set_attr(vm.ctx.intern_str(name), method.into());
    }
    Ok(class)
}

fn save(file: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
    let Ok(path) = file.get_attr("_save_as", vm) else {
        return Ok(());
    };
    if file.get_attr("closed", vm)?.try_to_bool(vm)? {
        return Ok(());
    }
    let bytes: PyBytesRef = vm.call_method(&file, "getvalue", ())?.try_into_value(vm)?;
    let name = path.str(vm)?.to_string_lossy().into_owned();
    host::ask(|h| h.save(&name, bytes.as_bytes()))
        .unwrap_or_else(|| Err(FileError::read_only()))
        .map_err(|e| os_error(vm, &e, &path))
}

fn close(file: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
    save(file.clone(), vm)?;
    if let Ok(number) = file.get_attr("_descriptor", vm) {
        file.del_attr("_descriptor", vm)?;
        // Whoever closed the number by hand has done this already.
        let _ = descriptors::close(number.try_into_value(vm)?);
    }
    let io = vm.import("_io", 0)?;
    io.get_attr("BytesIO", vm)?
        .get_attr("close", vm)?
        .call((file,), vm)
        .map(drop)
}

#[derive(rustpython_vm::FromArgs)]
struct OpenArgs {
    #[pyarg(any)]
    file: PyObjectRef,
    #[pyarg(any, optional)]
    mode: OptionalArg<PyStrRef>,
    #[pyarg(any, optional)]
    buffering: OptionalArg<PyObjectRef>,
    #[pyarg(any, optional)]
    encoding: OptionalArg<PyObjectRef>,
    #[pyarg(any, optional)]
    errors: OptionalArg<PyObjectRef>,
    #[pyarg(any, optional)]
    newline: OptionalArg<PyObjectRef>,
    #[pyarg(any, optional)]
    closefd: OptionalArg<PyObjectRef>,
    #[pyarg(any, optional)]
    opener: OptionalArg<PyObjectRef>,
}

fn open(args: OpenArgs, vm: &VirtualMachine) -> PyResult {
    let _ = args.buffering;
    let mode = match &args.mode {
        OptionalArg::Present(m) => m.to_string_lossy().into_owned(),
        OptionalArg::Missing => "r".to_owned(),
    };
    let kinds = mode.chars().filter(|c| "rwax".contains(*c)).count();
    if kinds != 1 || mode.chars().any(|c| !"rwaxbt+".contains(c)) {
        return Err(vm.new_value_error(format!("invalid mode: '{mode}'")));
    }
    let source = source(&args, &mode, vm)?;
    let io = vm.import("_io", 0)?;
    let file = io
        .get_attr("_HostFile", vm)?
        .call((vm.ctx.new_bytes(source.bytes),), vm)?;
    file.set_attr("name", args.file.clone(), vm)?;
    file.set_attr("mode", vm.ctx.new_str(mode.as_str()), vm)?;
    if mode.contains(['w', 'a', 'x', '+']) {
        file.set_attr("_save_as", vm.ctx.new_str(source.path), vm)?;
        // The file exists from now on, as it would on a disk.
        save(file.clone(), vm)?;
    }
    if source.position > 0 {
        vm.call_method(&file, "seek", (source.position,))?;
    }
    if let Some(number) = source.descriptor {
        file.set_attr("_descriptor", vm.ctx.new_int(number), vm)?;
    }
    if mode.contains('b') {
        return Ok(file);
    }
    let encoding = match args.encoding {
        OptionalArg::Present(e) if !vm.is_none(&e) => e,
        _ => vm.ctx.new_str("utf-8").into(),
    };
    let wrapper = io.get_attr("TextIOWrapper", vm)?.call(
        FuncArgs::from(vec![
            file,
            encoding,
            args.errors.unwrap_or_else(|| vm.ctx.none()),
            args.newline.unwrap_or_else(|| vm.ctx.none()),
        ]),
        vm,
    )?;
    wrapper.set_attr("mode", vm.ctx.new_str(mode), vm)?;
    Ok(wrapper)
}

/// What a file begins with.
struct Source {
    path: String,
    bytes: Vec<u8>,
    position: usize,
    /// The descriptor to close with the file.
    descriptor: Option<i32>,
}

fn source(args: &OpenArgs, mode: &str, vm: &VirtualMachine) -> PyResult<Source> {
    if args.file.fast_isinstance(vm.ctx.types.int_type) {
        let closes = match &args.closefd {
            OptionalArg::Present(c) => c.clone().try_to_bool(vm)?,
            OptionalArg::Missing => true,
        };
        return of_descriptor(args.file.clone(), closes, mode, vm);
    }
    if let OptionalArg::Present(opener) = &args.opener
        && !vm.is_none(opener)
    {
        let number = opener.call((args.file.clone(), flags(mode)), vm)?;
        return of_descriptor(number, true, mode, vm);
    }
    let path = FsPath::try_from_path_like(args.file.clone(), true, vm)?
        .as_os_str(vm)?
        .to_string_lossy()
        .into_owned();
    let existing = files::read(&path);
    let bytes = match mode.chars().find(|c| "rwax".contains(*c)) {
        Some('a') => existing.unwrap_or_default(),
        Some('x') if existing.is_ok() => {
            let error = FileError {
                errno: 17,
                message: "File exists".into(),
            };
            return Err(os_error(vm, &error, &args.file));
        }
        Some('w' | 'x') => Vec::new(),
        _ => existing.map_err(|e| os_error(vm, &e, &args.file))?,
    };
    Ok(Source {
        path,
        position: if mode.contains('a') { bytes.len() } else { 0 },
        bytes,
        descriptor: None,
    })
}

/// A file over a descriptor: opening it truncates nothing.
fn of_descriptor(
    number: PyObjectRef,
    closes: bool,
    mode: &str,
    vm: &VirtualMachine,
) -> PyResult<Source> {
    let value: i32 = number.clone().try_into_value(vm)?;
    let open = descriptors::get(value).map_err(|e| os_error(vm, &e, &number))?;
    Ok(Source {
        path: open.path,
        position: if mode.contains('a') {
            open.bytes.len()
        } else {
            open.position
        },
        bytes: open.bytes,
        descriptor: closes.then_some(value),
    })
}

/// The flags that `os.open` would take for a mode.
fn flags(mode: &str) -> i32 {
    let access = match (mode.contains('+'), mode.contains('r')) {
        (true, _) => descriptors::READ_WRITE,
        (false, true) => 0,
        (false, false) => descriptors::WRITE_ONLY,
    };
    let making = match mode.chars().find(|c| "wax".contains(*c)) {
        Some('w') => descriptors::CREATE | descriptors::TRUNCATE,
        Some('a') => descriptors::CREATE | descriptors::APPEND,
        Some(_) => descriptors::CREATE | descriptors::EXCLUSIVE,
        None => 0,
    };
    access | making
}
