"""Objects as dictionaries of plain values: what the text formats write."""

from django.apps import apps
from django.core.serializers import base
from django.db import DEFAULT_DB_ALIAS, models
from django.utils.encoding import is_protected_type


class Serializer(base.Serializer):
    """A list of ``{"model": …, "pk": …, "fields": {…}}``."""

    internal_use_only = True

    def start_serialization(self):
        self._current = None
        self.objects = []

    def start_object(self, obj):
        self._current = {}

    def end_object(self, obj):
        self.objects.append(self.get_dump_object(obj))
        self._current = None

    def getvalue(self):
        return self.objects

    def get_dump_object(self, obj):
        dump = {"model": str(obj._meta)}
        if not (self.use_natural_primary_keys and self._resolve_natural_key(obj)):
            dump["pk"] = self._value_from_field(obj, obj._meta.pk)
        dump["fields"] = self._current
        return dump

    def _value_from_field(self, obj, field):
        if isinstance(field, models.CompositePrimaryKey):
            return [self._value_from_field(obj, part) for part in field]
        value = field.value_from_object(obj)
        # Numbers and moments stay what they are, the rest is text.
        return value if is_protected_type(value) else field.value_to_string(obj)

    def handle_field(self, obj, field):
        self._current[field.name] = self._value_from_field(obj, field)

    def handle_fk_field(self, obj, field):
        natural = None
        if self.use_natural_foreign_keys:
            natural = self._resolve_fk_natural_key(obj, field)
        self._current[field.name] = natural or self._value_from_field(obj, field)

    def handle_m2m_field(self, obj, field):
        # A table of the user's own has objects of its own.
        if not field.remote_field.through._meta.auto_created:
            return
        natural = self.use_natural_foreign_keys and self._model_supports_natural_key(
            field.remote_field.model
        )
        self._current[field.name] = [
            (natural and row.natural_key()) or self._value_from_field(row, row._meta.pk)
            for row in self._related_rows(obj, field, whole=natural)
        ]


class Deserializer(base.Deserializer):
    """Reads such dictionaries."""

    def __init__(
        self, object_list, *, using=DEFAULT_DB_ALIAS, ignorenonexistent=False, **options
    ):
        super().__init__(object_list, **options)
        self.handle_forward_references = options.pop("handle_forward_references", False)
        self.using = using
        self.ignorenonexistent = ignorenonexistent
        self.field_names_cache = {}
        self._iterator = None

    def __iter__(self):
        for obj in self.stream:
            yield from self._handle_object(obj)

    def __next__(self):
        if self._iterator is None:
            self._iterator = iter(self)
        return next(self._iterator)

    def _handle_object(self, obj):
        try:
            model = self._get_model_from_node(obj["model"])
        except base.DeserializationError:
            if self.ignorenonexistent:
                return
            raise
        data, many, deferred = {}, {}, {}
        pk = model._meta.pk
        if "pk" in obj:
            try:
                data[pk.attname] = pk.to_python(obj["pk"])
            except Exception as failure:
                raise base.DeserializationError.WithData(
                    failure, obj["model"], obj["pk"], None
                )
        for name, given in obj["fields"].items():
            if self.ignorenonexistent and name not in self._names(model):
                continue
            field = model._meta.get_field(name)
            try:
                if isinstance(field.remote_field, models.ManyToManyRel):
                    target, value = many, self._handle_m2m_field_node(field, given)
                    key = field.name
                elif isinstance(field.remote_field, models.ManyToOneRel):
                    target, value = data, self._handle_fk_field_node(field, given)
                    key = field.attname
                else:
                    target, value, key = data, field.to_python(given), field.name
            except base.M2MDeserializationError as failure:
                raise base.DeserializationError.WithData(
                    failure.original_exc, obj["model"], obj.get("pk"), failure.pk
                )
            except Exception as failure:
                raise base.DeserializationError.WithData(
                    failure, obj["model"], obj.get("pk"), given
                )
            if value is base.DEFER_FIELD:
                deferred[field] = given
            else:
                target[key] = value
        instance = base.build_instance(model, data, self.using)
        yield base.DeserializedObject(instance, many, deferred)

    def _names(self, model):
        if model not in self.field_names_cache:
            self.field_names_cache[model] = {f.name for f in model._meta.get_fields()}
        return self.field_names_cache[model]

    def _handle_m2m_field_node(self, field, field_value):
        return base.deserialize_m2m_values(
            field, field_value, self.using, self.handle_forward_references
        )

    def _handle_fk_field_node(self, field, field_value):
        return base.deserialize_fk_value(
            field, field_value, self.using, self.handle_forward_references
        )

    @staticmethod
    def _get_model_from_node(model_identifier):
        try:
            return apps.get_model(model_identifier)
        except (LookupError, TypeError):
            raise base.DeserializationError(
                f"Invalid model identifier: {model_identifier}"
            )
