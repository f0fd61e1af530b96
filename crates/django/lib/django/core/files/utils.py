"""Names of files, and what a file-like object passes on."""

import os
import pathlib

from django.core.exceptions import SuspiciousFileOperation


def validate_file_name(name, allow_relative_path=False):
    """The name itself, unless it could lead out of its folder."""
    if os.path.basename(name) in ("", ".", ".."):
        raise SuspiciousFileOperation(f"Could not derive file name from '{name}'")
    if not allow_relative_path:
        if name != os.path.basename(name):
            raise SuspiciousFileOperation(f"File name '{name}' includes path elements")
        return name
    path = pathlib.PurePosixPath(str(name).replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts:
        raise SuspiciousFileOperation(f"Detected path traversal attempt in '{name}'")
    return name


def _passed_on(name):
    return property(lambda self: getattr(self.file, name))


class FileProxyMixin:
    """Everything of a file that ``self.file`` does."""

    encoding = _passed_on("encoding")
    fileno = _passed_on("fileno")
    flush = _passed_on("flush")
    isatty = _passed_on("isatty")
    newlines = _passed_on("newlines")
    read = _passed_on("read")
    readinto = _passed_on("readinto")
    readline = _passed_on("readline")
    readlines = _passed_on("readlines")
    seek = _passed_on("seek")
    tell = _passed_on("tell")
    truncate = _passed_on("truncate")
    write = _passed_on("write")
    writelines = _passed_on("writelines")

    @property
    def closed(self):
        return not self.file or self.file.closed

    def _can(self, ability, mode_letters):
        if self.closed:
            return False
        if hasattr(self.file, ability):
            return getattr(self.file, ability)()
        return any(letter in getattr(self.file, "mode", "") for letter in mode_letters)

    def readable(self):
        return self._can("readable", "r+")

    def writable(self):
        return self._can("writable", "wax+")

    def seekable(self):
        return self._can("seekable", "")

    def __iter__(self):
        return iter(self.file)
