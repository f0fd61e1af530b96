"""What every storage does."""

import os
import pathlib

from django.core.exceptions import SuspiciousFileOperation
from django.core.files import File
from django.core.files.utils import validate_file_name
from django.utils.crypto import get_random_string
from django.utils.text import get_valid_filename


class Storage:
    """A storage: subclasses open, save and delete."""

    def open(self, name, mode="rb"):
        return self._open(name, mode)

    def save(self, name, content, max_length=None):
        """Keeps the content under a free name, and returns that name."""
        name = content.name if name is None else name
        if not hasattr(content, "chunks"):
            content = File(content, name)
        if not self.is_name_available(name, max_length=max_length):
            name = self.get_available_name(name, max_length=max_length)
        name = self._save(name, content)
        validate_file_name(name, allow_relative_path=True)
        return name

    def is_name_available(self, name, max_length=None):
        return not self.exists(name) and not (max_length and len(name) > max_length)

    def get_valid_name(self, name):
        return get_valid_filename(name)

    def get_alternative_name(self, file_root, file_ext):
        return f"{file_root}_{get_random_string(7)}{file_ext}"

    def get_available_name(self, name, max_length=None):
        """The name, or one like it that is free and short enough."""
        name = str(name).replace("\\", "/")
        folder, file_name = os.path.split(name)
        if ".." in pathlib.PurePath(folder).parts:
            raise SuspiciousFileOperation(
                f"Detected path traversal attempt in '{folder}'"
            )
        validate_file_name(file_name)
        endings = "".join(pathlib.PurePath(file_name).suffixes)
        stem = file_name.removesuffix(endings)
        while not self.is_name_available(name, max_length=max_length):
            name = os.path.join(folder, self.get_alternative_name(stem, endings))
            if max_length is None:
                continue
            if (too_long := len(name) - max_length) > 0:
                stem = stem[:-too_long]
                if not stem:
                    raise SuspiciousFileOperation(
                        f'Storage can not find an available filename for "{name}". '
                        "Please make sure that the corresponding file field "
                        'allows sufficient "max_length".'
                    )
                name = os.path.join(folder, self.get_alternative_name(stem, endings))
        return name

    def generate_filename(self, filename):
        """The name, its last part made valid."""
        filename = str(filename).replace("\\", "/")
        folder, name = os.path.split(filename)
        if ".." in pathlib.PurePath(folder).parts:
            raise SuspiciousFileOperation(
                f"Detected path traversal attempt in '{folder}'"
            )
        return os.path.normpath(os.path.join(folder, self.get_valid_name(name)))

    def path(self, name):
        raise NotImplementedError("This backend doesn't support absolute paths.")


def _abstract(name):
    def method(self, *args, **kwargs):
        raise NotImplementedError(
            f"subclasses of Storage must provide a {name}() method"
        )

    method.__name__ = name
    return method


for _name in (
    "delete",
    "exists",
    "listdir",
    "size",
    "url",
    "get_accessed_time",
    "get_created_time",
    "get_modified_time",
):
    setattr(Storage, _name, _abstract(_name))
