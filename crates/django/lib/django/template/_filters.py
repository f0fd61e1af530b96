"""Filters: of every template, and of libraries that a template loads."""

import datetime
import zoneinfo

from django.conf import settings
from django.utils import dateformat, timezone


class _Shifted(datetime.datetime):
    """A moment that a template shows in the zone it is in."""

    convert_to_local_time = False


def localized_time(value, use_tz=None):
    """A moment in the current zone, where the settings or the template want that."""
    if not isinstance(value, datetime.datetime) or timezone.is_naive(value):
        return value
    wanted = settings.USE_TZ if use_tz is None else use_tz
    if not wanted or not getattr(value, "convert_to_local_time", True):
        return value
    return timezone.localtime(value)


def in_zone(value, zone):
    """``{{ value|timezone:"Europe/Paris" }}``; what is no moment or no zone gives nothing."""
    if not isinstance(value, datetime.datetime):
        return ""
    try:
        if timezone.is_naive(value):
            value = timezone.make_aware(value, timezone.get_default_timezone())
        if isinstance(zone, str):
            zone = zoneinfo.ZoneInfo(zone)
        if not isinstance(zone, datetime.tzinfo):
            return ""
        value = value.astimezone(zone)
    except Exception:
        # A template never fails over a value.
        return ""
    return _Shifted(
        value.year,
        value.month,
        value.day,
        value.hour,
        value.minute,
        value.second,
        value.microsecond,
        value.tzinfo,
        fold=value.fold,
    )


def localtime(value):
    return in_zone(value, timezone.get_current_timezone())


def utc(value):
    return in_zone(value, datetime.UTC)


def date(value, form=None):
    if value in (None, ""):
        return ""
    try:
        return dateformat.format(value, form or getattr(settings, "DATE_FORMAT", "N j, Y"))
    except AttributeError:
        return ""


def time(value, form=None):
    if value in (None, ""):
        return ""
    try:
        return dateformat.time_format(value, form or getattr(settings, "TIME_FORMAT", "P"))
    except (AttributeError, TypeError):
        return ""


FILTERS = {"date": date, "time": time}
LIBRARIES = {"tz": {"localtime": localtime, "utc": utc, "timezone": in_zone}}
AWARE_OF_ZONES = {date, time}
