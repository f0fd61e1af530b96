"""Small tools of commands."""

import shutil
import subprocess
import sys
import traceback

from django.core.management._commands import parse_apps_and_model_labels  # noqa: F401

_SEARCH = object()


def find_formatters():
    """The ``black`` of the machine, if it has one."""
    return {"black_path": shutil.which("black")}


def run_formatters(written_files, black_path=_SEARCH, stderr=sys.stderr):
    """Has ``black``, where there is one, lay out files that were written."""
    if black_path is _SEARCH:
        black_path = shutil.which("black")
    if not black_path:
        return
    command = [black_path, "--fast", "--", *written_files]
    try:
        subprocess.run(command, capture_output=True)
    except (OSError, NotImplementedError):
        stderr.write("Formatters failed to launch:")
        traceback.print_exc(file=stderr)
