"""Files below a folder."""

import os
from datetime import datetime
from urllib.parse import quote, urljoin

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files import File
from django.core.files.move import file_move_safe
from django.core.files.storage.base import Storage
from django.utils import timezone
from django.utils.deconstruct import deconstructible


@deconstructible(path="django.core.files.storage.FileSystemStorage")
class FileSystemStorage(Storage):
    """Keeps files in a folder of the disk: ``MEDIA_ROOT``, unless told another."""

    def __init__(
        self,
        location=None,
        base_url=None,
        file_permissions_mode=None,
        directory_permissions_mode=None,
        allow_overwrite=False,
    ):
        self._location = location
        self._base_url = base_url
        self.file_permissions_mode = file_permissions_mode
        self.directory_permissions_mode = directory_permissions_mode
        self._allow_overwrite = allow_overwrite

    @property
    def base_location(self):
        if self._location is None:
            return getattr(settings, "MEDIA_ROOT", "")
        return self._location

    @property
    def location(self):
        return os.path.abspath(self.base_location)

    @property
    def base_url(self):
        if self._base_url is None:
            return getattr(settings, "MEDIA_URL", "")
        return self._base_url if self._base_url.endswith("/") else self._base_url + "/"

    def _open(self, name, mode="rb"):
        return File(open(self.path(name), mode))

    def _save(self, name, content):
        full = self.path(name)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        while True:
            try:
                if hasattr(content, "temporary_file_path"):
                    file_move_safe(
                        content.temporary_file_path(),
                        full,
                        allow_overwrite=self._allow_overwrite,
                    )
                else:
                    self._write(full, content)
                break
            except FileExistsError:
                # Somebody took the name meanwhile.
                name = self.get_available_name(name)
                full = self.path(name)
        return os.path.relpath(full, self.location).replace("\\", "/")

    def _write(self, full, content):
        file = None
        for chunk in content.chunks():
            if file is None:
                letter = "w" if self._allow_overwrite else "x"
                binary = "b" if isinstance(chunk, bytes) else "t"
                file = open(full, letter + binary)
            file.write(chunk)
        if file is None:
            file = open(full, "wb" if self._allow_overwrite else "xb")
        file.close()

    def delete(self, name):
        if not name:
            raise ValueError("The name must be given to delete().")
        name = self.path(name)
        try:
            os.rmdir(name) if os.path.isdir(name) else os.remove(name)
        except FileNotFoundError:
            pass

    def is_name_available(self, name, max_length=None):
        if self._allow_overwrite:
            return not (max_length and len(name) > max_length)
        return super().is_name_available(name, max_length=max_length)

    def get_alternative_name(self, file_root, file_ext):
        if self._allow_overwrite:
            return f"{file_root}{file_ext}"
        return super().get_alternative_name(file_root, file_ext)

    def exists(self, name):
        return os.path.lexists(self.path(name))

    def listdir(self, path):
        sides = ([], [])
        for entry in os.scandir(self.path(path)):
            sides[not entry.is_dir()].append(entry.name)
        return sides

    def path(self, name):
        root = os.path.abspath(self.location)
        full = os.path.abspath(os.path.join(root, name))
        inside = full == root or full.startswith(root.rstrip("/") + "/")
        if not inside:
            raise SuspiciousFileOperation(
                f"The joined path ({full}) is located outside of the base path "
                f"component ({root})"
            )
        return full

    def size(self, name):
        return os.path.getsize(self.path(name))

    def url(self, name):
        if self.base_url is None:
            raise ValueError("This file is not accessible via a URL.")
        quoted = quote(str(name).replace("\\", "/"), safe="/~!*()'")
        return urljoin(self.base_url, quoted.lstrip("/"))

    def _moment(self, seconds):
        zone = timezone.get_default_timezone() if settings.USE_TZ else None
        return datetime.fromtimestamp(seconds, tz=zone)

    def get_accessed_time(self, name):
        return self._moment(os.path.getatime(self.path(name)))

    def get_created_time(self, name):
        return self._moment(os.path.getctime(self.path(name)))

    def get_modified_time(self, name):
        return self._moment(os.path.getmtime(self.path(name)))
