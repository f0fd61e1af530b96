"""Dates and times by a format of single letters: ``format(value, "Y-m-d")``."""

import calendar
import datetime
import re

from django.utils.timezone import get_default_timezone, is_naive, make_aware

_LETTERS = re.compile(r"\\(.)|([aAbcdDeEfFgGhHiIjlLmMnNoOPrsStTUuwWyYzZ])", re.DOTALL)
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
# As newspapers write them.
_PRESS = [
    "Jan.",
    "Feb.",
    "March",
    "April",
    "May",
    "June",
    "July",
    "Aug.",
    "Sept.",
    "Oct.",
    "Nov.",
    "Dec.",
]


class TimeFormat:
    """The letters that a time of day knows; each is a method."""

    def __init__(self, obj):
        self.data = obj
        self.timezone = None
        if isinstance(obj, datetime.datetime):
            self.timezone = get_default_timezone() if is_naive(obj) else obj.tzinfo

    def format(self, formatstr):
        def letter(match):
            escaped, letter = match.groups()
            if escaped is not None:
                return escaped
            if letter in _DATE_LETTERS and type(self.data) is datetime.time:
                raise TypeError(
                    "The format for date objects may not contain time-related format "
                    f"specifiers (found '{letter}')."
                )
            return str(getattr(self, letter)())

        return _LETTERS.sub(letter, formatstr)

    def a(self):
        return "p.m." if self.data.hour > 11 else "a.m."

    def A(self):
        return "PM" if self.data.hour > 11 else "AM"

    def e(self):
        return (self.timezone and self.data.tzname()) or ""

    def f(self):
        return f"{self.g()}:{self.i()}" if self.data.minute else self.g()

    def g(self):
        return self.data.hour % 12 or 12

    def G(self):
        return self.data.hour

    def h(self):
        return f"{self.g():02d}"

    def H(self):
        return f"{self.data.hour:02d}"

    def i(self):
        return f"{self.data.minute:02d}"

    def O(self):  # noqa: E743
        if self.timezone is None:
            return ""
        seconds = self._offset()
        sign = "-" if seconds < 0 else "+"
        seconds = abs(seconds)
        return f"{sign}{seconds // 3600:02d}{seconds // 60 % 60:02d}"

    def P(self):
        if self.data.minute == 0 and self.data.hour in (0, 12):
            return "noon" if self.data.hour else "midnight"
        return f"{self.f()} {self.a()}"

    def s(self):
        return f"{self.data.second:02d}"

    def T(self):
        return (self.timezone and str(self._aware().tzname() or "")) or ""

    def u(self):
        return f"{self.data.microsecond:06d}"

    def Z(self):
        return "" if self.timezone is None else self._offset()

    def _aware(self):
        return make_aware(self.data, self.timezone) if is_naive(self.data) else self.data

    def _offset(self):
        offset = self._aware().utcoffset()
        return offset.days * 86400 + offset.seconds


class DateFormat(TimeFormat):
    """The letters of dates besides."""

    def b(self):
        return self.M().lower()

    def c(self):
        return self.data.isoformat()

    def d(self):
        return f"{self.data.day:02d}"

    def D(self):
        return self.l()[:3]

    def E(self):
        return self.F()

    def F(self):
        return _MONTHS[self.data.month - 1]

    def I(self):  # noqa: E743
        return "" if self.timezone is None else "1" if self._aware().dst() else "0"

    def j(self):
        return self.data.day

    def l(self):  # noqa: E743
        return _DAYS[self.data.weekday()]

    def L(self):
        return calendar.isleap(self.data.year)

    def m(self):
        return f"{self.data.month:02d}"

    def M(self):
        return self.F()[:3]

    def n(self):
        return self.data.month

    def N(self):
        return _PRESS[self.data.month - 1]

    def o(self):
        return self.data.isocalendar().year

    def r(self):
        value = self.data
        if type(value) is datetime.date:
            raise TypeError(
                "The format for date objects may not contain time-related format "
                "specifiers (found 'r')."
            )
        return f"{self.D()}, {self.d()} {self.M()} {value.year} {value:%H:%M:%S} {self.O()}"

    def S(self):
        if self.data.day in (11, 12, 13):
            return "th"
        return {1: "st", 2: "nd", 3: "rd"}.get(self.data.day % 10, "th")

    def t(self):
        return calendar.monthrange(self.data.year, self.data.month)[1]

    def U(self):
        value = self.data
        if not isinstance(value, datetime.datetime):
            value = datetime.datetime.combine(value, datetime.time.min)
        if is_naive(value):
            value = make_aware(value, get_default_timezone())
        return int(value.timestamp())

    def w(self):
        return (self.data.weekday() + 1) % 7

    def W(self):
        return self.data.isocalendar().week

    def y(self):
        return f"{self.data.year % 100:02d}"

    def Y(self):
        return f"{self.data.year:04d}"

    def z(self):
        return self.data.timetuple().tm_yday


_DATE_LETTERS = {name for name in vars(DateFormat) if len(name) == 1}


def format(value, format_string):
    return DateFormat(value).format(format_string)


def time_format(value, format_string):
    return TimeFormat(value).format(format_string)
