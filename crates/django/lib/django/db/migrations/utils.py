"""Small tools of migrations."""

import datetime
import re

COMPILED_REGEX_TYPE = type(re.compile(""))


class RegexObject:
    """A pattern's parts, comparable."""

    def __init__(self, obj):
        self.pattern = obj.pattern
        self.flags = obj.flags

    def __eq__(self, other):
        if not isinstance(other, RegexObject):
            return NotImplemented
        return (self.pattern, self.flags) == (other.pattern, other.flags)


def get_migration_name_timestamp():
    return datetime.datetime.now().strftime("%Y%m%d_%H%M")
