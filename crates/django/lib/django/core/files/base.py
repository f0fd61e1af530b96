"""``File`` and ``ContentFile``."""

import os
from io import BytesIO, StringIO

from django.core.files.utils import FileProxyMixin


class File(FileProxyMixin):
    """A Python file with a name and a size."""

    DEFAULT_CHUNK_SIZE = 64 * 2**10

    def __init__(self, file, name=None):
        self.file = file
        self.name = getattr(file, "name", None) if name is None else name
        if hasattr(file, "mode"):
            self.mode = file.mode

    def __str__(self):
        return self.name or ""

    def __repr__(self):
        return f"<{type(self).__name__}: {self or 'None'}>"

    def __bool__(self):
        return bool(self.name)

    def __len__(self):
        return self.size

    @property
    def size(self):
        if "_size" in self.__dict__:
            return self.__dict__["_size"]
        return self._measured()

    @size.setter
    def size(self, value):
        self.__dict__["_size"] = value

    def _measured(self):
        if hasattr(self.file, "size"):
            return self.file.size
        if hasattr(self.file, "name"):
            try:
                return os.path.getsize(self.file.name)
            except (OSError, TypeError):
                pass
        if hasattr(self.file, "tell") and hasattr(self.file, "seek"):
            here = self.file.tell()
            self.file.seek(0, os.SEEK_END)
            size = self.file.tell()
            self.file.seek(here)
            return size
        raise AttributeError("Unable to determine the file's size.")

    def chunks(self, chunk_size=None):
        """The content, piece by piece."""
        try:
            self.seek(0)
        except (AttributeError, OSError, ValueError):
            pass
        while data := self.read(chunk_size or self.DEFAULT_CHUNK_SIZE):
            yield data

    def multiple_chunks(self, chunk_size=None):
        return self.size > (chunk_size or self.DEFAULT_CHUNK_SIZE)

    def __iter__(self):
        rest = None
        for chunk in self.chunks():
            for line in chunk.splitlines(True):
                if rest:
                    line, rest = rest + line, None
                if line[-1:] in (b"\n", "\n"):
                    yield line
                else:
                    rest = line
        if rest:
            yield rest

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def open(self, mode=None, *args, **kwargs):
        if not self.closed:
            self.seek(0)
        elif self.name and os.path.exists(self.name):
            self.file = open(self.name, mode or self.mode, *args, **kwargs)
        else:
            raise ValueError("The file cannot be reopened.")
        return self

    def close(self):
        self.file.close()


class ContentFile(File):
    """A file made of text or bytes in memory."""

    def __init__(self, content, name=None):
        super().__init__((StringIO if isinstance(content, str) else BytesIO)(content), name)
        self.size = len(content)

    def __str__(self):
        return "Raw content"

    def __bool__(self):
        return True

    def open(self, mode=None):
        self.seek(0)
        return self

    def close(self):
        pass

    def write(self, data):
        self.__dict__.pop("_size", None)
        return self.file.write(data)
