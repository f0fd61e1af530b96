"""JSON for values that JSON itself does not know."""

import datetime
import decimal
import json
import uuid

from django.core.serializers.base import DeserializationError
from django.core.serializers.base import Serializer as BaseSerializer
from django.core.serializers.python import Deserializer as PythonDeserializer
from django.core.serializers.python import Serializer as PythonSerializer
from django.utils.duration import duration_iso_string
from django.utils.functional import Promise


def _milliseconds(text, value):
    # ECMA-262 writes three digits of a second's fraction, Python six.
    if not value.microsecond:
        return text
    start = text.index(".")
    return text[: start + 4] + text[start + 7 :]


class DjangoJSONEncoder(json.JSONEncoder):
    """Writes dates, times, durations, decimals, UUIDs and late texts."""

    def default(self, o):
        if isinstance(o, datetime.datetime):
            text = _milliseconds(o.isoformat(), o)
            return text[:-6] + "Z" if text.endswith("+00:00") else text
        if isinstance(o, datetime.date):
            return o.isoformat()
        if isinstance(o, datetime.time):
            if o.utcoffset() is not None:
                raise ValueError("JSON can't represent timezone-aware times.")
            return _milliseconds(o.isoformat(), o)
        if isinstance(o, datetime.timedelta):
            return duration_iso_string(o)
        if isinstance(o, decimal.Decimal | uuid.UUID | Promise):
            return str(o)
        return super().default(o)


class Serializer(PythonSerializer):
    """One array of objects."""

    internal_use_only = False

    def _init_options(self):
        self._current = None
        unused = ("stream", "fields")
        kwargs = {name: v for name, v in self.options.items() if name not in unused}
        if kwargs.get("indent"):
            # No blank at a line's end.
            kwargs["separators"] = (",", ": ")
        self.json_kwargs = {"cls": DjangoJSONEncoder, "ensure_ascii": False, **kwargs}

    def start_serialization(self):
        self._init_options()
        self.stream.write("[")

    def end_serialization(self):
        self.stream.write("\n]\n" if self.options.get("indent") else "]\n")

    def end_object(self, obj):
        indent = self.options.get("indent")
        between = "" if self.first else ("," if indent else ", ")
        self.stream.write(between + ("\n" if indent else ""))
        json.dump(self.get_dump_object(obj), self.stream, **self.json_kwargs)
        self._current = None

    def getvalue(self):
        return BaseSerializer.getvalue(self)


class ObjectReader(PythonDeserializer):
    """Says of any failure that it was one of reading."""

    def _handle_object(self, obj):
        try:
            yield from super()._handle_object(obj)
        except (GeneratorExit, DeserializationError):
            raise
        except Exception as failure:
            message = f"Error deserializing object: {failure}"
            raise DeserializationError(message) from failure


class Deserializer(ObjectReader):
    """Reads such an array."""

    def __init__(self, stream_or_string, **options):
        text = stream_or_string
        if not isinstance(text, bytes | str):
            text = text.read()
        if isinstance(text, bytes):
            text = text.decode()
        try:
            objects = json.loads(text)
        except Exception as failure:
            raise DeserializationError() from failure
        super().__init__(objects, **options)
