"""Objects as JSON, one a line."""

import json

from django.core.serializers.base import DeserializationError
from django.core.serializers.base import Serializer as BaseSerializer
from django.core.serializers.json import DjangoJSONEncoder, ObjectReader
from django.core.serializers.python import Serializer as PythonSerializer


class Serializer(PythonSerializer):
    """A line for each object."""

    internal_use_only = False

    def _init_options(self):
        self._current = None
        unused = ("stream", "fields", "indent")
        kwargs = {name: v for name, v in self.options.items() if name not in unused}
        kwargs["separators"] = (",", ": ")
        self.json_kwargs = {"cls": DjangoJSONEncoder, "ensure_ascii": False, **kwargs}

    def start_serialization(self):
        self._init_options()

    def end_object(self, obj):
        json.dump(self.get_dump_object(obj), self.stream, **self.json_kwargs)
        self.stream.write("\n")
        self._current = None

    def getvalue(self):
        return BaseSerializer.getvalue(self)


class Deserializer(ObjectReader):
    """Reads such lines; empty ones count for nothing."""

    def __init__(self, stream_or_string, **options):
        lines = stream_or_string
        if isinstance(lines, bytes):
            lines = lines.decode()
        if isinstance(lines, str):
            lines = lines.splitlines()
        super().__init__(self._get_lines(lines), **options)

    @staticmethod
    def _get_lines(stream):
        for line in stream:
            if not line.strip():
                continue
            try:
                yield json.loads(line)
            except Exception as failure:
                raise DeserializationError() from failure
