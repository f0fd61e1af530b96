//! `posix`: what `os` is made of, as far as a program without a machine needs it.
pub(crate) use posix::module_def;

#[rustpython_vm::pymodule(name = "posix")]
mod posix {
    use crate::files;
    use crate::host::{self, FileError, Kind};
    use crate::native::descriptors;
    use rustpython_vm::builtins::{PyDictRef, PyStrRef};
    use rustpython_vm::function::{ArgBytesLike, FsPath, FuncArgs, OptionalArg};
    use rustpython_vm::protocol::{PyIter, PyIterReturn};
    use rustpython_vm::types::{IterNext, Iterable, PyStructSequence, SelfIter};
    use rustpython_vm::{
        Py, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass, pystruct_sequence,
        pystruct_sequence_data,
    };

    #[pyattr]
    const O_RDONLY: i32 = 0;
    #[pyattr]
    const O_WRONLY: i32 = descriptors::WRITE_ONLY;
    #[pyattr]
    const O_RDWR: i32 = descriptors::READ_WRITE;
    #[pyattr]
    const O_CREAT: i32 = descriptors::CREATE;
    #[pyattr]
    const O_EXCL: i32 = descriptors::EXCLUSIVE;
    #[pyattr]
    const O_TRUNC: i32 = descriptors::TRUNCATE;
    #[pyattr]
    const O_APPEND: i32 = descriptors::APPEND;
    #[pyattr]
    const F_OK: i32 = 0;
    #[pyattr]
    const R_OK: i32 = 4;
    #[pyattr]
    const W_OK: i32 = 2;
    #[pyattr]
    const X_OK: i32 = 1;
    #[pyattr]
    const EX_OK: i32 = 0;
    #[pyattr(name = "_have_functions")]
    fn have_functions(vm: &VirtualMachine) -> PyObjectRef {
        vm.ctx.new_list(Vec::new()).into()
    }
    #[pyattr(name = "error")]
    fn error(vm: &VirtualMachine) -> PyObjectRef {
        vm.ctx.exceptions.os_error.to_owned().into()
    }

    #[pyattr]
    fn environ(vm: &VirtualMachine) -> PyDictRef {
        let dict = vm.ctx.new_dict();
        let zones = (
            "PYTHONTZPATH".to_owned(),
            crate::native::zones::FOLDER.to_owned(),
        );
        let outside = host::ask(|h| h.environment()).unwrap_or_default();
        for (name, value) in outside.into_iter().chain([zones]) {
            let name: PyObjectRef = vm.ctx.new_bytes(name.into_bytes()).into();
            let value = vm.ctx.new_bytes(value.into_bytes()).into();
            // A plain dict takes any bytes key.
            let _ = dict.set_item(&*name, value, vm);
        }
        dict
    }

    #[pyfunction]
    fn putenv(_name: PyObjectRef, _value: PyObjectRef) {}
    #[pyfunction]
    fn unsetenv(_name: PyObjectRef) {}
    #[pyfunction]
    fn getcwd() -> String {
        host::ask(|h| h.current_folder()).unwrap_or_else(|| "/".into())
    }
    #[pyfunction]
    fn getpid() -> u32 {
        std::process::id().max(1)
    }
    #[pyfunction]
    fn getuid() -> u32 {
        1000
    }
    #[pyfunction]
    fn umask(_mask: i32) -> i32 {
        0o022
    }
    #[pyfunction]
    fn cpu_count() -> i32 {
        1
    }
    #[pyfunction]
    fn strerror(errno: i32) -> String {
        match errno {
            2 => "No such file or directory".into(),
            13 => "Permission denied".into(),
            17 => "File exists".into(),
            20 => "Not a directory".into(),
            21 => "Is a directory".into(),
            30 => "Read-only file system".into(),
            n => format!("Unknown error {n}"),
        }
    }
    #[pyfunction]
    fn urandom(size: usize, vm: &VirtualMachine) -> PyResult<Vec<u8>> {
        let mut bytes = vec![0; size];
        host::ask(|h| h.random(&mut bytes))
            .ok_or_else(|| vm.new_not_implemented_error("there is no source of randomness here"))?;
        Ok(bytes)
    }
    #[pyfunction]
    fn isatty(_fd: i32) -> bool {
        false
    }
    #[pyfunction]
    fn _exit(_code: i32, vm: &VirtualMachine) -> PyResult<()> {
        Err(vm.new_not_implemented_error("os._exit()"))
    }
    #[pyfunction]
    fn get_terminal_size(_args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        Err(vm.new_os_error("Inappropriate ioctl for device"))
    }

    #[pystruct_sequence_data]
    struct StatData {
        st_mode: PyObjectRef,
        st_ino: PyObjectRef,
        st_dev: PyObjectRef,
        st_nlink: PyObjectRef,
        st_uid: PyObjectRef,
        st_gid: PyObjectRef,
        st_size: PyObjectRef,
        st_atime: PyObjectRef,
        st_mtime: PyObjectRef,
        st_ctime: PyObjectRef,
        #[pystruct_sequence(skip)]
        st_atime_ns: PyObjectRef,
        #[pystruct_sequence(skip)]
        st_mtime_ns: PyObjectRef,
        #[pystruct_sequence(skip)]
        st_ctime_ns: PyObjectRef,
    }

    #[pyattr]
    #[pystruct_sequence(name = "stat_result", module = "os", data = "StatData")]
    struct PyStat;

    #[pyclass(with(PyStructSequence))]
    impl PyStat {}

    fn failed(
        vm: &VirtualMachine,
        error: FileError,
        path: &PyObjectRef,
    ) -> rustpython_vm::builtins::PyBaseExceptionRef {
        super::os_error(vm, &error, path)
    }

    fn text(path: PyObjectRef, vm: &VirtualMachine) -> PyResult<String> {
        Ok(FsPath::try_from_path_like(path, true, vm)?
            .as_os_str(vm)?
            .to_string_lossy()
            .into_owned())
    }

    #[pyfunction]
    fn stat(path: PyObjectRef, _rest: FuncArgs, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        let name = text(path.clone(), vm)?;
        let kind = files::stat(&name);
        let (mode, size) = match kind {
            Some(Kind::File { size }) => (0o100_644, size),
            Some(Kind::Folder) => (0o040_755, 0),
            None => return Err(failed(vm, FileError::not_found(), &path)),
        };
        let int = |n: u64| -> PyObjectRef { vm.ctx.new_int(n).into() };
        let data = StatData {
            st_mode: int(mode),
            st_ino: int(super::path_number(&name)),
            st_dev: int(1),
            st_nlink: int(1),
            st_uid: int(1000),
            st_gid: int(1000),
            st_size: int(size),
            st_atime: vm.ctx.new_float(0.0).into(),
            st_mtime: vm.ctx.new_float(0.0).into(),
            st_ctime: vm.ctx.new_float(0.0).into(),
            st_atime_ns: int(0),
            st_mtime_ns: int(0),
            st_ctime_ns: int(0),
        };
        Ok(PyStat::from_data(data, vm).into())
    }
    #[pyfunction]
    fn lstat(path: PyObjectRef, rest: FuncArgs, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        stat(path, rest, vm)
    }
    #[pyfunction]
    fn access(
        path: PyObjectRef,
        _mode: i32,
        _rest: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<bool> {
        let name = text(path, vm)?;
        Ok(files::stat(&name).is_some())
    }
    #[pyfunction]
    fn listdir(path: OptionalArg<PyObjectRef>, vm: &VirtualMachine) -> PyResult<Vec<PyObjectRef>> {
        let path = path.unwrap_or_else(|| vm.ctx.new_str(".").into());
        let name = text(path.clone(), vm)?;
        let names = files::list(&name).map_err(|e| failed(vm, e, &path))?;
        Ok(names
            .into_iter()
            .map(|n| vm.ctx.new_str(n).into())
            .collect())
    }
    #[pyfunction]
    fn mkdir(path: PyObjectRef, _rest: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        let name = text(path.clone(), vm)?;
        host::ask(|h| h.make_folder(&name))
            .unwrap_or_else(|| Err(FileError::read_only()))
            .map_err(|e| failed(vm, e, &path))
    }
    #[pyfunction]
    #[pyfunction(name = "unlink")]
    #[pyfunction(name = "rmdir")]
    fn remove(path: PyObjectRef, _rest: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        let name = text(path.clone(), vm)?;
        host::ask(|h| h.remove(&name))
            .unwrap_or_else(|| Err(FileError::read_only()))
            .map_err(|e| failed(vm, e, &path))
    }
    #[pyfunction]
    #[pyfunction(name = "replace")]
    fn rename(
        from: PyObjectRef,
        to: PyObjectRef,
        _rest: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let (source, target) = (text(from.clone(), vm)?, text(to, vm)?);
        host::ask(|h| h.rename(&source, &target))
            .unwrap_or_else(|| Err(FileError::read_only()))
            .map_err(|e| failed(vm, e, &from))
    }
    #[pyfunction]
    fn readlink(path: PyObjectRef, _rest: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        // There are no links: what exists is not one.
        let error = FileError {
            errno: 22,
            message: "Invalid argument".into(),
        };
        Err(failed(vm, error, &path))
    }
    #[pyfunction]
    fn open(path: PyObjectRef, flags: i32, _rest: FuncArgs, vm: &VirtualMachine) -> PyResult<i32> {
        let name = text(path.clone(), vm)?;
        descriptors::open(&name, flags).map_err(|e| failed(vm, e, &path))
    }
    #[pyfunction]
    fn close(number: i32, vm: &VirtualMachine) -> PyResult<()> {
        descriptors::close(number).map_err(|e| super::descriptor_error(vm, &e))
    }
    #[pyfunction]
    fn read(number: i32, count: usize, vm: &VirtualMachine) -> PyResult<Vec<u8>> {
        descriptors::read(number, count).map_err(|e| super::descriptor_error(vm, &e))
    }
    #[pyfunction]
    fn write(number: i32, data: ArgBytesLike, vm: &VirtualMachine) -> PyResult<usize> {
        let written = data.with_ref(|bytes| descriptors::write(number, bytes));
        written.map_err(|e| super::descriptor_error(vm, &e))
    }
    #[pyfunction]
    fn lseek(number: i32, offset: i64, from: i32, vm: &VirtualMachine) -> PyResult<u64> {
        descriptors::seek(number, offset, from).map_err(|e| super::descriptor_error(vm, &e))
    }
    #[pyfunction]
    fn ftruncate(number: i32, length: usize, vm: &VirtualMachine) -> PyResult<()> {
        descriptors::truncate(number, length).map_err(|e| super::descriptor_error(vm, &e))
    }
    #[pyfunction]
    fn fstat(number: i32, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        let open = descriptors::get(number).map_err(|e| super::descriptor_error(vm, &e))?;
        stat(vm.ctx.new_str(open.path).into(), FuncArgs::default(), vm)
    }
    /// What was written is the host's already.
    #[pyfunction]
    fn fsync(_number: i32) {}
    #[pyattr]
    const WNOHANG: i32 = 1;
    /// There are no processes: whatever would wait for one says so.
    #[pyfunction]
    #[pyfunction(name = "waitstatus_to_exitcode")]
    #[pyfunction(name = "WIFSTOPPED")]
    #[pyfunction(name = "WSTOPSIG")]
    #[pyfunction(name = "pipe")]
    #[pyfunction(name = "kill")]
    fn waitpid(_args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        Err(vm.new_not_implemented_error("there are no processes here"))
    }
    #[pyfunction]
    #[pyfunction(name = "set_inheritable")]
    fn set_blocking(_args: FuncArgs) {}
    #[pyfunction]
    fn chmod(_path: PyObjectRef, _mode: i32, _rest: FuncArgs) {}
    #[pyfunction]
    fn utime(_path: PyObjectRef, _rest: FuncArgs) {}

    /// One name in a folder, as `os.scandir` gives it.
    #[pyattr]
    #[pyclass(name = "DirEntry", module = "posix")]
    #[derive(Debug, PyPayload)]
    struct DirEntry {
        name: String,
        path: String,
        folder: bool,
    }

    #[pyclass]
    impl DirEntry {
        #[pygetset]
        fn name(zelf: &Py<Self>) -> String {
            zelf.name.clone()
        }
        #[pygetset]
        fn path(zelf: &Py<Self>) -> String {
            zelf.path.clone()
        }
        #[pymethod]
        fn is_dir(zelf: &Py<Self>, _args: FuncArgs) -> bool {
            zelf.folder
        }
        #[pymethod]
        fn is_file(zelf: &Py<Self>, _args: FuncArgs) -> bool {
            !zelf.folder
        }
        #[pymethod]
        fn is_symlink(_zelf: &Py<Self>) -> bool {
            false
        }
        #[pymethod]
        fn is_junction(_zelf: &Py<Self>) -> bool {
            false
        }
        #[pymethod]
        fn stat(zelf: &Py<Self>, rest: FuncArgs, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
            stat(vm.ctx.new_str(zelf.path.clone()).into(), rest, vm)
        }
        #[pymethod]
        fn __fspath__(zelf: &Py<Self>) -> String {
            zelf.path.clone()
        }
    }

    /// What `os.scandir` returns: an iterator that is a context manager too.
    #[pyattr]
    #[pyclass(name = "ScandirIterator", module = "posix")]
    #[derive(Debug, PyPayload)]
    struct Scandir {
        entries: PyObjectRef,
    }

    #[pyclass(with(IterNext, Iterable))]
    impl Scandir {
        #[pymethod]
        fn __enter__(zelf: rustpython_vm::PyRef<Self>) -> rustpython_vm::PyRef<Self> {
            zelf
        }
        #[pymethod]
        fn __exit__(_zelf: &Py<Self>, _args: FuncArgs) {}
        #[pymethod]
        fn close(_zelf: &Py<Self>) {}
    }

    impl SelfIter for Scandir {}

    impl IterNext for Scandir {
        fn next(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
            PyIter::new(zelf.entries.clone()).next(vm)
        }
    }

    #[pyfunction]
    fn scandir(path: OptionalArg<PyObjectRef>, vm: &VirtualMachine) -> PyResult<Scandir> {
        let path = path.unwrap_or_else(|| vm.ctx.new_str(".").into());
        let folder = text(path.clone(), vm)?;
        let names = files::list(&folder).map_err(|e| failed(vm, e, &path))?;
        let mut entries: Vec<PyObjectRef> = Vec::new();
        for name in names {
            let path = format!("{}/{name}", folder.trim_end_matches('/'));
            let kind = files::stat(&path);
            let folder = kind == Some(Kind::Folder);
            entries.push(DirEntry { name, path, folder }.into_pyobject(vm));
        }
        let list: PyObjectRef = vm.ctx.new_list(entries).into();
        Ok(Scandir {
            entries: list.get_iter(vm)?.into(),
        })
    }

    #[pyfunction]
    fn fspath(path: PyObjectRef, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        if path.fast_isinstance(vm.ctx.types.str_type)
            || path.fast_isinstance(vm.ctx.types.bytes_type)
        {
            return Ok(path);
        }
        let Ok(method) = path
            .class()
            .to_owned()
            .into_object()
            .get_attr("__fspath__", vm)
        else {
            return Err(vm.new_type_error(format!(
                "expected str, bytes or os.PathLike object, not {}",
                path.class().name()
            )));
        };
        method.call((path,), vm)
    }

    #[pyfunction]
    fn _path_normpath(path: PyStrRef) -> String {
        super::normalised(&path.to_string_lossy())
    }

    use rustpython_vm::AsObject;
    trait IntoObject {
        fn into_object(self) -> PyObjectRef;
    }
    impl IntoObject for rustpython_vm::builtins::PyTypeRef {
        fn into_object(self) -> PyObjectRef {
            self.as_object().to_owned()
        }
    }
}

use crate::host::FileError;
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{PyObjectRef, VirtualMachine};

/// An `OSError` (of the subclass that its `errno` means) about a path.
pub fn os_error(vm: &VirtualMachine, error: &FileError, path: &PyObjectRef) -> PyBaseExceptionRef {
    let class: PyObjectRef = vm.ctx.exceptions.os_error.to_owned().into();
    let args = (
        vm.ctx.new_int(error.errno),
        vm.ctx.new_str(error.message.as_str()),
        path.clone(),
    );
    match class.call(args, vm) {
        Ok(made) => made
            .downcast()
            .unwrap_or_else(|_| vm.new_os_error(error.message.clone())),
        Err(e) => e,
    }
}

/// An `OSError` about a file descriptor, which has no name.
fn descriptor_error(vm: &VirtualMachine, error: &FileError) -> PyBaseExceptionRef {
    os_error(vm, error, &vm.ctx.none())
}

/// A stable number for a path, standing in for an inode.
fn path_number(path: &str) -> u64 {
    path.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    }) >> 1
}

/// `os.path.normpath` for POSIX.
fn normalised(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|p| *p != "..") => {
                parts.pop();
            }
            ".." if absolute => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (absolute, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".into(),
        (false, false) => joined,
    }
}
