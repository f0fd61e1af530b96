"""Files as a form receives them."""

import os
from io import BytesIO

from django.core.files import temp
from django.core.files.base import File
from django.core.files.utils import validate_file_name


class UploadedFile(File):
    """A file with what its sender said of it."""

    def __init__(
        self,
        file=None,
        name=None,
        content_type=None,
        size=None,
        charset=None,
        content_type_extra=None,
    ):
        super().__init__(file, name)
        self.size = size
        self.content_type = content_type
        self.charset = charset
        self.content_type_extra = content_type_extra

    def __repr__(self):
        return f"<{type(self).__name__}: {self.name} ({self.content_type})>"

    @property
    def name(self):
        return self._name

    @name.setter
    def name(self, name):
        if name is not None:
            name = os.path.basename(name)
            if len(name) > 255:
                stem, ending = os.path.splitext(name)
                ending = ending[:255]
                name = stem[: 255 - len(ending)] + ending
            name = validate_file_name(name)
        self._name = name


class TemporaryUploadedFile(UploadedFile):
    """An upload kept in a temporary file."""

    def __init__(self, name, content_type, size, charset, content_type_extra=None):
        ending = os.path.splitext(name)[1]
        file = temp.NamedTemporaryFile(suffix=".upload" + ending)
        super().__init__(file, name, content_type, size, charset, content_type_extra)

    def temporary_file_path(self):
        return self.file.name

    def close(self):
        try:
            return self.file.close()
        except FileNotFoundError:
            # It was moved to where it belongs.
            pass


class InMemoryUploadedFile(UploadedFile):
    """An upload kept in memory."""

    def __init__(
        self, file, field_name, name, content_type, size, charset, content_type_extra=None
    ):
        super().__init__(file, name, content_type, size, charset, content_type_extra)
        self.field_name = field_name

    def open(self, mode=None):
        self.file.seek(0)
        return self

    def chunks(self, chunk_size=None):
        self.file.seek(0)
        yield self.read()

    def multiple_chunks(self, chunk_size=None):
        return False


class SimpleUploadedFile(InMemoryUploadedFile):
    """An upload made of bytes."""

    def __init__(self, name, content, content_type="text/plain"):
        content = content or b""
        super().__init__(
            BytesIO(content), None, name, content_type, len(content), None, None
        )

    @classmethod
    def from_dict(cls, file_dict):
        return cls(
            file_dict["filename"],
            file_dict["content"],
            file_dict.get("content-type", "text/plain"),
        )
