"""Names, numbers and texts as databases want them."""

import datetime
import decimal
from hashlib import md5

from django.db.backends._utils import CursorWrapper  # noqa: F401


class CursorDebugWrapper(CursorWrapper):
    pass


def split_tzname_delta(tzname):
    """``Asia/Kolkata+05:30`` as a name, a sign and an offset."""
    for sign in "+-":
        if sign in tzname:
            name, offset = tzname.rsplit(sign, 1)
            if offset and _is_time(offset):
                if ":" not in offset:
                    offset += ":00"
                return name, sign, offset
    return tzname, None, None


def _is_time(text):
    hours, _, minutes = text.partition(":")
    return len(hours) == 2 and hours.isdigit() and (not minutes or minutes.isdigit())


def typecast_date(s):
    return datetime.date(*map(int, s.split("-"))) if s else None


def _seconds_and_micro(seconds):
    whole, _, fraction = seconds.partition(".")
    return int(whole), int((fraction + "000000")[:6])


def typecast_time(s):
    if not s:
        return None
    hour, minutes, seconds = s.split(":")
    return datetime.time(int(hour), int(minutes), *_seconds_and_micro(seconds))


def typecast_timestamp(s):
    if not s:
        return None
    if " " not in s:
        return typecast_date(s)
    day, moment = s.split()
    # An offset at the end is left out.
    for sign in "-+":
        moment = moment.split(sign)[0]
    return datetime.datetime.combine(typecast_date(day), typecast_time(moment))


def split_identifier(identifier):
    """A quoted ``namespace"."name`` as its two parts."""
    namespace, dot, name = identifier.partition('"."')
    if not dot:
        namespace, name = "", identifier
    return namespace.strip('"'), name.strip('"')


def names_digest(*args, length):
    digest = md5(usedforsecurity=False)
    for arg in args:
        digest.update(arg.encode())
    return digest.hexdigest()[:length]


def truncate_name(identifier, length=None, hash_len=4):
    """A name that fits, told apart from others of the same beginning by a digest."""
    namespace, name = split_identifier(identifier)
    if length is None or len(name) <= length:
        return identifier
    short = name[: length - hash_len] + names_digest(name, length=hash_len)
    return f'{namespace}"."{short}' if namespace else short


def format_number(value, max_digits, decimal_places):
    if value is None:
        return None
    context = decimal.getcontext().copy()
    if max_digits is not None:
        context.prec = max_digits
    if decimal_places is not None:
        value = value.quantize(decimal.Decimal(1).scaleb(-decimal_places), context=context)
    else:
        context.traps[decimal.Rounded] = 1
        value = context.create_decimal(value)
    return f"{value:f}"


def strip_quotes(table_name):
    quoted = len(table_name) > 1 and table_name[0] == table_name[-1] == '"'
    return table_name[1:-1] if quoted else table_name
