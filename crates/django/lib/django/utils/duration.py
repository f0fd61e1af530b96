"""Durations as text."""

import datetime


def _parts(duration):
    minutes, seconds = divmod(duration.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return duration.days, hours, minutes, seconds, duration.microseconds


def duration_string(duration):
    """``3 04:05:06.000007``."""
    days, hours, minutes, seconds, micro = _parts(duration)
    text = f"{hours:02d}:{minutes:02d}:{seconds:02d}"
    if days:
        text = f"{days} {text}"
    return f"{text}.{micro:06d}" if micro else text


def duration_iso_string(duration):
    """``P3DT04H05M06.000007S``."""
    sign = "-" if duration < datetime.timedelta(0) else ""
    days, hours, minutes, seconds, micro = _parts(abs(duration))
    fraction = f".{micro:06d}" if micro else ""
    return f"{sign}P{days}DT{hours:02d}H{minutes:02d}M{seconds:02d}{fraction}S"


def duration_microseconds(delta):
    """The whole duration, counted in microseconds."""
    return delta // datetime.timedelta(microseconds=1)
