"""JSON for values that JSON itself does not know."""

import datetime
import decimal
import json
import uuid

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
