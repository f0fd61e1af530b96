"""XML, written and read in its plain form: elements, attributes, texts."""

import re

_CONTROL = re.compile(r"[\x00-\x08\x0B-\x0C\x0E-\x1F]")


class UnserializableContentError(ValueError):
    def __init__(self, msg="Control characters are not supported in XML 1.0"):
        super().__init__(msg)


def _escaped(text):
    return text.replace("&", "&amp;").replace(">", "&gt;").replace("<", "&lt;")


def _quoted(text):
    text = _escaped(text)
    text = text.replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;")
    if '"' not in text:
        return f'"{text}"'
    if "'" not in text:
        return f"'{text}'"
    return '"' + text.replace('"', "&quot;") + '"'


class SimplerXMLGenerator:
    """Writes elements to a stream as they come."""

    def __init__(self, out=None, encoding="utf-8", short_empty_elements=False):
        self._out = out
        self._encoding = encoding

    def startDocument(self):
        self._out.write(f'<?xml version="1.0" encoding="{self._encoding}"?>\n')

    def endDocument(self):
        flush = getattr(self._out, "flush", None)
        if flush is not None:
            flush()

    def startElement(self, name, attrs):
        for value in attrs.values():
            if isinstance(value, str) and _CONTROL.search(value):
                raise UnserializableContentError
        # In one order, whatever order they were given in.
        shown = "".join(f" {key}={_quoted(str(value))}" for key, value in sorted(attrs.items()))
        self._out.write(f"<{name}{shown}>")

    def endElement(self, name):
        self._out.write(f"</{name}>")

    def addQuickElement(self, name, contents=None, attrs=None):
        self.startElement(name, attrs or {})
        if contents is not None:
            self.characters(contents)
        self.endElement(name)

    def characters(self, content):
        if content and _CONTROL.search(content):
            # A reader could not take it back.
            raise UnserializableContentError
        self._out.write(_escaped(str(content)))

    def ignorableWhitespace(self, content):
        self._out.write(content)
