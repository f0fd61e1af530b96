"""Reads XML without document types or entities of its own: what a fixture is.

``read(text)`` gives the root :class:`Element`; its ``children`` are elements and texts.
"""

import re


class ParseError(ValueError):
    """The text is no XML."""


class Element:
    def __init__(self, name, attributes):
        self.name = name
        self.attributes = attributes
        self.children = []

    def elements(self, name):
        """The elements of that name right below this one."""
        return [c for c in self.children if isinstance(c, Element) and c.name == name]


_TOKEN = re.compile(
    r"<!--.*?-->|<\?.*?\?>|<!\[CDATA\[(?P<raw>.*?)\]\]>|<!DOCTYPE\s+(?P<doctype>[^>\[]*)"
    r"|</(?P<end>[^\s>]+)\s*>|<(?P<start>[^\s/>!?]+)(?P<attributes>[^>]*?)(?P<empty>/?)>"
    r"|(?P<text>[^<]+)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"\s*([^\s=]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_REFERENCE = re.compile(r"&(#x[0-9a-fA-F]+|#[0-9]+|\w+);")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


def read(text, on_doctype):
    """The root element. A document type is handed over before anything is read of it."""
    root, open_elements, at = None, [], 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise ParseError(f"not well-formed: {text[at : at + 40]!r}")
        at = token.end()
        if token["doctype"] is not None:
            on_doctype(token["doctype"].strip())
        elif token["start"]:
            made = Element(token["start"], _attributes(token["attributes"]))
            if open_elements:
                open_elements[-1].children.append(made)
            elif root is None:
                root = made
            else:
                raise ParseError("junk after document element")
            if not token["empty"]:
                open_elements.append(made)
        elif token["end"]:
            if not open_elements or open_elements.pop().name != token["end"]:
                raise ParseError(f"mismatched tag: {token['end']}")
        elif token["raw"] is not None or token["text"] is not None:
            piece = token["raw"]
            if piece is None:
                piece = _resolved(token["text"])
            if open_elements:
                open_elements[-1].children.append(piece)
            elif piece.strip():
                raise ParseError("text outside of the document element")
    if root is None or open_elements:
        raise ParseError("no element found" if root is None else "unclosed element")
    return root


def _attributes(text):
    found = _ATTRIBUTE.findall(text)
    if _ATTRIBUTE.sub("", text).strip():
        raise ParseError(f"not well-formed attributes: {text!r}")
    return {name: _resolved(one or other) for name, one, other in found}


def _resolved(text):
    def character(match):
        name = match[1]
        if name.startswith("#x"):
            return chr(int(name[2:], 16))
        if name.startswith("#"):
            return chr(int(name[1:]))
        if name not in _NAMED:
            raise ParseError(f"undefined entity: {name}")
        return _NAMED[name]

    return _REFERENCE.sub(character, text)
