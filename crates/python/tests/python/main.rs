//! What Python can do here: its library, clocks, files, imports, tracebacks, limits.
mod world;

use ormscope_python::runtime;
use world::{run, with};

#[test]
fn the_library_that_models_and_queries_use_imports() {
    let names = "datetime decimal uuid json enum re math random collections itertools functools \
        operator dataclasses typing contextlib copy string textwrap zoneinfo fractions statistics \
        abc types weakref traceback warnings io inspect ast pickle copyreg logging threading os \
        sys time calendar heapq bisect hashlib base64 urllib.parse difflib pprint unittest \
        unittest.mock asyncio contextvars tempfile shutil pathlib struct secrets numbers csv \
        ipaddress secrets html platform queue glob fnmatch importlib importlib.util pkgutil \
        concurrent.futures argparse gettext locale shlex timeit graphlib reprlib keyword tokenize";
    let script = format!(
        "import importlib, traceback\nfor name in {names:?}.split():\n    try:\n        importlib.import_module(name)\n    except BaseException as e:\n        print(name, type(e).__name__, e)\n        traceback.print_exc()\n"
    );
    assert_eq!(run(&[], &script), "");
}

#[test]
fn clocks_are_the_hosts() {
    let script = "import datetime, time\nfrom zoneinfo import ZoneInfo\n\
        print(datetime.datetime.now())\nprint(datetime.datetime.now(datetime.timezone.utc))\n\
        print(datetime.datetime.now(tz=ZoneInfo('Europe/Paris')))\nprint(datetime.date.today())\n\
        print(time.time(), time.monotonic())\nprint(datetime.datetime.today().time())\n";
    assert_eq!(
        run(&[], script),
        "2026-03-01 12:30:45.678901\n2026-03-01 12:30:45.678901+00:00\n\
         2026-03-01 13:30:45.678901+01:00\n2026-03-01\n1772368245.678901 1.5\n12:30:45.678901\n"
    );
}

#[test]
fn numbers_and_ids() {
    let script = "from decimal import Decimal\nimport uuid, json, zoneinfo\n\
        print(Decimal('1.10') + Decimal('2'))\nprint(uuid.UUID(int=5), len(str(uuid.uuid4())))\n\
        print(json.dumps({'a': [1, 2.5, None]}))\nprint('Europe/Paris' in zoneinfo.available_timezones())\n";
    assert_eq!(
        run(&[], script),
        "3.10\n00000000-0000-0000-0000-000000000005 36\n{\"a\": [1, 2.5, null]}\nTrue\n"
    );
}

#[test]
fn project_files_import_and_tracebacks_say_where() {
    let files = [
        ("shop/__init__.py", ""),
        ("shop/tools.py", "def half(n):\n    return n / 0\n"),
        ("queries.py", "from shop import tools\n\ntools.half(3)\n"),
    ];
    assert_eq!(
        run(&files, files[2].1),
        "Traceback (most recent call last):\n  File \"queries.py\", line 3, in <module>\n    \
         tools.half(3)\n    ~~~~~~~~~~^^^\n  File \"shop/tools.py\", line 2, in half\n    \
         return n / 0\n           ~~^~~\nZeroDivisionError: division by zero\n"
    );
}

#[test]
fn unknown_modules_are_named() {
    let printed = run(&[], "import numpy\n");
    assert!(
        printed.ends_with("ModuleNotFoundError: No module named 'numpy'\n"),
        "{printed}"
    );
}

#[test]
fn syntax_errors_have_a_place() {
    let failure = with(&[], |vm, _| {
        runtime::check(vm, "queries.py", "a = 1\nb = (2,\n").err()
    });
    let failure = failure.unwrap_or_default();
    assert_eq!(
        (
            failure.kind.as_str(),
            failure.line,
            failure.message.as_str()
        ),
        ("SyntaxError", 2, "'(' was never closed")
    );
}

#[test]
fn deep_recursion_is_an_exception() {
    let printed = run(
        &[],
        "def f(n):\n    return f(n + 1)\ntry:\n    f(0)\nexcept RecursionError as e:\n    print('stopped')\n",
    );
    assert_eq!(printed, "stopped\n");
}

#[test]
fn a_loop_is_stopped_from_outside() {
    let world = std::rc::Rc::new(world::World::default());
    let Ok(engine) = ormscope_python::Runtime::new(world, |_| Ok(())) else {
        panic!("no interpreter");
    };
    let stopper = engine.stopper();
    let watch = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(200));
        stopper.stop("it took too long");
    });
    let failure = engine.enter(|vm| {
        let globals = runtime::namespace(vm, "__main__").ok()?;
        runtime::run(vm, &globals, "queries.py", "\nwhile True: pass\n").err()
    });
    let _ = watch.join();
    let failure = failure.unwrap_or_default();
    assert_eq!(
        (failure.kind.as_str(), failure.line),
        ("KeyboardInterrupt", 2)
    );
}

#[test]
fn files_can_be_read() {
    let files = [("data/a.txt", "one\ntwo\n")];
    let script = "import os\nfrom pathlib import Path\nprint(open('data/a.txt').readlines())\n\
        print(os.listdir('data'), os.path.isdir('data'), Path('data/a.txt').read_text())\n\
        try:\n    open('nothing')\nexcept FileNotFoundError as e:\n    print(e)\n";
    assert_eq!(
        run(&files, script),
        "['one\\n', 'two\\n']\n['a.txt'] True one\ntwo\n\n[Errno 2] No such file or directory: 'nothing'\n"
    );
}
