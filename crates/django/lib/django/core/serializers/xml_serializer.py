"""Objects as XML, and back."""

import json
import re

from django.apps import apps
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.serializers import base
from django.db import DEFAULT_DB_ALIAS, models
from django.utils import _xml_reader
from django.utils.xmlutils import SimplerXMLGenerator, UnserializableContentError


class Serializer(base.Serializer):
    """``<object>`` elements with a ``<field>`` for each field."""

    def indent(self, level):
        width = self.options.get("indent")
        if width is not None:
            self.xml.ignorableWhitespace("\n" + " " * width * level)

    def start_serialization(self):
        self.indent_level = 0
        encoding = self.options.get("encoding", settings.DEFAULT_CHARSET)
        self.xml = SimplerXMLGenerator(self.stream, encoding)
        self.xml.startDocument()
        self.xml.startElement("django-objects", {"version": "1.0"})

    def end_serialization(self):
        self.indent(self.indent_level)
        self.xml.endElement("django-objects")
        self.xml.endDocument()

    def start_object(self, obj):
        if not hasattr(obj, "_meta"):
            raise base.SerializationError(
                f"Non-model object ({type(obj)}) encountered during serialization"
            )
        attributes = {"model": str(obj._meta)}
        natural = self.use_natural_primary_keys and self._resolve_natural_key(obj)
        if not natural and obj.pk is not None:
            attributes["pk"] = obj._meta.pk.value_to_string(obj)
        try:
            self._open("object", attributes)
        except UnserializableContentError:
            raise ValueError(
                f"{type(obj).__name__} (pk:{obj.pk}) contains unserializable characters"
            )

    def end_object(self, obj):
        self.indent(self.indent_level)
        self._close("object")

    def _open(self, name, attributes):
        self.indent_level += 1
        self.indent(self.indent_level)
        self.xml.startElement(name, attributes)

    def _close(self, name):
        self.xml.endElement(name)
        self.indent_level -= 1

    def handle_field(self, obj, field):
        kind = field.get_internal_type()
        self._open("field", {"name": field.name, "type": kind})
        if getattr(obj, field.name) is None:
            self.xml.addQuickElement("None")
        else:
            value = field.value_to_string(obj)
            if kind == "JSONField":
                value = json.dumps(value, cls=field.encoder)
            try:
                self.xml.characters(value)
            except UnserializableContentError:
                raise ValueError(
                    f"{type(obj).__name__}.{field.name} (pk:{obj.pk}) contains unserializable "
                    "characters"
                )
        self._close("field")

    def handle_fk_field(self, obj, field):
        self._open_relation(field)
        value = getattr(obj, field.attname)
        natural = None
        if value is not None and self.use_natural_foreign_keys:
            natural = self._resolve_fk_natural_key(obj, field)
        if value is None:
            self.xml.addQuickElement("None")
        elif natural:
            self._write_natural(natural)
        else:
            self.xml.characters(str(value))
        self._close("field")

    def handle_m2m_field(self, obj, field):
        if not field.remote_field.through._meta.auto_created:
            return
        self._open_relation(field)
        whole = self.use_natural_foreign_keys and self._model_supports_natural_key(
            field.remote_field.model
        )
        row = None
        for row in self._related_rows(obj, field, whole):
            natural = self._resolve_natural_key(row) if whole else None
            if natural:
                self.xml.startElement("object", {})
                self._write_natural(natural)
                self.xml.endElement("object")
                continue
            if not whole:
                # Each on a line of its own.
                self.indent(self.indent_level + 1)
            self.xml.addQuickElement("object", attrs={"pk": str(row.pk)})
        if row is not None:
            self.indent(self.indent_level)
        self._close("field")

    def _write_natural(self, key):
        for part in key:
            self.xml.startElement("natural", {})
            if part is None:
                self.xml.addQuickElement("None")
            else:
                self.xml.characters(str(part))
            self.xml.endElement("natural")

    def _open_relation(self, field):
        attributes = {
            "name": field.name,
            "rel": type(field.remote_field).__name__,
            "to": str(field.remote_field.model._meta),
        }
        self._open("field", attributes)


class Deserializer(base.Deserializer):
    """Reads such elements."""

    def __init__(
        self, stream_or_string, *, using=DEFAULT_DB_ALIAS, ignorenonexistent=False, **options
    ):
        super().__init__(stream_or_string, **options)
        self.handle_forward_references = options.pop("handle_forward_references", False)
        self.db = using
        self.ignore = ignorenonexistent
        self._objects = None

    def __next__(self):
        if self._objects is None:
            text = self.stream.read()
            if isinstance(text, bytes):
                text = text.decode()
            root = _xml_reader.read(text, _refuse_doctype)
            self._objects = iter(root.elements("object"))
        return self._handle_object(next(self._objects))

    def _handle_object(self, node):
        model = self._get_model_from_node(node, "model")
        data, many, deferred = {}, {}, {}
        pk = model._meta.pk
        if "pk" in node.attributes:
            data[pk.attname] = pk.to_python(node.attributes["pk"])
        names = {field.name for field in model._meta.get_fields()}
        for field_node in node.elements("field"):
            name = field_node.attributes.get("name")
            if not name:
                raise base.DeserializationError("<field> node is missing the 'name' attribute")
            if self.ignore and name not in names:
                continue
            field = model._meta.get_field(name)
            if isinstance(field.remote_field, models.ManyToManyRel):
                target, key, given = many, field.name, self._many(field_node)
                value = self._handle_m2m_field_node(field_node, field)
            elif isinstance(field.remote_field, models.ManyToOneRel):
                target, key, given = data, field.attname, _natural(field_node)
                value = self._handle_fk_field_node(field_node, field)
            else:
                target, key, given = data, field.name, None
                value = self._handle_plain_field_node(field_node, field)
            if value is base.DEFER_FIELD:
                deferred[field] = given
            else:
                target[key] = value
        instance = base.build_instance(model, data, self.db)
        return base.DeserializedObject(instance, many, deferred)

    def _handle_plain_field_node(self, node, field):
        if node.elements("None"):
            return None
        value = field.to_python(_text(node))
        if field.get_internal_type() == "JSONField":
            value = json.loads(value, cls=field.decoder)
        return value

    def _handle_fk_field_node(self, node, field):
        natural = node.elements("natural")
        if node.elements("None") and not natural:
            return None
        given = _natural(node) if natural else _text(node)
        return base.deserialize_fk_value(
            field, given, self.db, self.handle_forward_references
        )

    def _many(self, node):
        return [
            _natural(one) if one.elements("natural") else one.attributes.get("pk", "")
            for one in node.elements("object")
        ]

    def _handle_m2m_field_node(self, node, field):
        try:
            return base.deserialize_m2m_values(
                field, self._many(node), self.db, self.handle_forward_references
            )
        except base.M2MDeserializationError as failure:
            if isinstance(failure.original_exc, SuspiciousOperation):
                raise failure.original_exc
            raise

    def _get_model_from_node(self, node, attr):
        label = node.attributes.get(attr)
        if not label:
            raise base.DeserializationError(
                f"<{node.name}> node is missing the required '{attr}' attribute"
            )
        try:
            return apps.get_model(label)
        except (LookupError, TypeError):
            raise base.DeserializationError(
                f"<{node.name}> node has invalid model identifier: '{label}'"
            )


def _text(node):
    """The text of an element that has nothing else inside."""
    for child in node.children:
        if isinstance(child, _xml_reader.Element):
            raise SuspiciousOperation(f"Unexpected element: {child.name!r}")
    return "".join(node.children).strip()


def _natural(node):
    return [
        None if part.elements("None") else _text(part) for part in node.elements("natural")
    ]


class DefusedXmlException(ValueError):
    """What a fixture has no business with."""

    def __repr__(self):
        return str(self)


class DTDForbidden(DefusedXmlException):
    """A document type may define what takes forever to expand."""

    def __init__(self, name, sysid, pubid):
        super().__init__()
        self.name = name
        self.sysid = sysid
        self.pubid = pubid

    def __str__(self):
        return (
            f"DTDForbidden(name='{self.name}', system_id={self.sysid!r}, "
            f"public_id={self.pubid!r})"
        )


def _refuse_doctype(text):
    name, _, rest = text.partition(" ")
    quoted = re.findall(r"\"([^\"]*)\"|'([^']*)'", rest)
    ids = [one or other for one, other in quoted]
    is_public = rest.strip().startswith("PUBLIC")
    public = ids.pop(0) if is_public and ids else None
    raise DTDForbidden(name, ids[0] if ids else None, public)
