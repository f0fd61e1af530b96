"""``assertXMLEqual``: elements compared, however they are laid out."""

import difflib
import re
from unittest.util import safe_repr

from django.utils._xml_reader import Element, read

_SPACES = re.compile(r"[ \t\n][ \t\n]+")


def compare_xml(want, got):
    """Whether two documents, or pieces of one, say the same."""
    want, got = (text.strip().replace("\\n", "\n") for text in (want, got))
    if not want.startswith("<?xml"):
        want, got = f"<root>{want}</root>", f"<root>{got}</root>"
    return _same(*(read(text, lambda doctype: None) for text in (want, got)))


def _same(one, other):
    if one.name != other.name or one.attributes != other.attributes:
        return False
    if _text(one) != _text(other):
        return False
    below = [[c for c in e.children if isinstance(c, Element)] for e in (one, other)]
    return len(below[0]) == len(below[1]) and all(map(_same, *below))


def _text(element):
    return _SPACES.sub(" ", "".join(c for c in element.children if isinstance(c, str)))


def _compared(case, xml1, xml2, msg):
    try:
        return compare_xml(xml1, xml2)
    except Exception as failure:
        said = f"First or second argument is not valid XML\n{failure}"
        case.fail(case._formatMessage(msg, said))


def assert_equal(case, xml1, xml2, msg=None):
    if _compared(case, xml1, xml2, msg):
        return
    said = f"{safe_repr(xml1, True)} != {safe_repr(xml2, True)}"
    diff = difflib.ndiff(xml1.splitlines(), xml2.splitlines())
    said = case._truncateMessage(said, "\n" + "\n".join(diff))
    case.fail(case._formatMessage(msg, said))


def assert_not_equal(case, xml1, xml2, msg=None):
    if _compared(case, xml1, xml2, msg):
        said = f"{safe_repr(xml1, True)} == {safe_repr(xml2, True)}"
        case.fail(case._formatMessage(msg, said))
