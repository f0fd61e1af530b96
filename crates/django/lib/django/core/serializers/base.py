"""What all formats share: the walk over an object's fields, and objects read but not saved."""

from io import StringIO

from django.core.exceptions import ObjectDoesNotExist
from django.db import models

# In place of a value that refers to a row not read yet.
DEFER_FIELD = object()


class SerializerDoesNotExist(KeyError):
    """No such format."""


class SerializationError(Exception):
    """An object could not be written."""


class DeserializationError(Exception):
    """An object could not be read."""

    @classmethod
    def WithData(cls, original_exc, model, fk, field_value):
        return cls(f"{original_exc}: ({model}:pk={fk}) field_value was '{field_value}'")


class M2MDeserializationError(Exception):
    """One of a many-to-many field's keys could not be read."""

    def __init__(self, original_exc, pk):
        self.original_exc = original_exc
        self.pk = pk


class ProgressBar:
    """Dots between brackets, as many as there is work done."""

    progress_width = 75

    def __init__(self, output, total_count):
        self.output = output
        self.total_count = total_count
        self.prev_done = 0

    def update(self, count):
        if not self.output:
            return
        width = self.progress_width
        done = (count * 100 // self.total_count) * width // 100
        if done <= self.prev_done:
            return
        self.prev_done = done
        start = "\r" if self.total_count != 1 else ""
        end = "\n" if done == width else ""
        self.output.write(f"{start}[{'.' * done:{width}}]")
        if end:
            self.output.write(end)
        self.output.flush()


def _to_provide(kind, method):
    return NotImplementedError(f"subclasses of {kind} must provide a {method}() method")


class Serializer:
    """Goes through objects and their fields; a format says what becomes of each."""

    internal_use_only = False
    progress_class = ProgressBar
    stream_class = StringIO

    def serialize(
        self,
        queryset,
        *,
        stream=None,
        fields=None,
        use_natural_foreign_keys=False,
        use_natural_primary_keys=False,
        progress_output=None,
        object_count=0,
        **options,
    ):
        self.options = options
        self.stream = self.stream_class() if stream is None else stream
        self.selected_fields = fields
        self.use_natural_foreign_keys = use_natural_foreign_keys
        self.use_natural_primary_keys = use_natural_primary_keys
        progress = self.progress_class(progress_output, object_count)
        self.start_serialization()
        self.first = True
        for number, obj in enumerate(queryset, start=1):
            self.start_object(obj)
            self._handle_fields(obj)
            self.end_object(obj)
            progress.update(number)
            self.first = False
        self.end_serialization()
        return self.getvalue()

    def _handle_fields(self, obj):
        # A proxy's columns are its concrete model's.
        meta = obj._meta.concrete_model._meta
        # Without a key of its own, a child row still needs the link to its parent's.
        parent_link = None
        if self.use_natural_primary_keys:
            link = meta.pk.remote_field
            parent_link = meta.pk if link and link.parent_link else None
        for field in meta.local_fields:
            if not field.serialize and field is not parent_link:
                continue
            if field.remote_field is None:
                if self._selects(field.attname):
                    self.handle_field(obj, field)
            elif self._selects(field.attname[: -len("_id")]):
                self.handle_fk_field(obj, field)
        for field in meta.local_many_to_many:
            if field.serialize and self._selects(field.attname):
                self.handle_m2m_field(obj, field)

    def _selects(self, name):
        return self.selected_fields is None or name in self.selected_fields

    def start_serialization(self):
        raise _to_provide("Serializer", "start_serialization")

    def end_serialization(self):
        """Nothing to end unless a format says so."""

    def start_object(self, obj):
        raise _to_provide("Serializer", "start_object")

    def end_object(self, obj):
        """Nothing to end unless a format says so."""

    def handle_field(self, obj, field):
        raise _to_provide("Serializer", "handle_field")

    def handle_fk_field(self, obj, field):
        raise _to_provide("Serializer", "handle_fk_field")

    def handle_m2m_field(self, obj, field):
        raise _to_provide("Serializer", "handle_m2m_field")

    def getvalue(self):
        """All that was written, where the stream can tell."""
        written = getattr(self.stream, "getvalue", None)
        return written() if callable(written) else None

    def _resolve_natural_key(self, obj):
        try:
            return obj.natural_key()
        except AttributeError:
            return None

    def _resolve_fk_natural_key(self, obj, field):
        if not self._model_supports_natural_key(field.remote_field.model):
            return None
        return self._resolve_natural_key(getattr(obj, field.name, None))

    def _model_supports_natural_key(self, model):
        return callable(getattr(model, "natural_key", None))

    def _related_rows(self, obj, field, whole):
        """The rows of a many-to-many field in a fixed order; whole ones or their keys."""
        cached = getattr(obj, "_prefetched_objects_cache", {})
        if field.name in cached:
            return cached[field.name]
        manager = getattr(obj, field.name)
        rows = manager.all() if whole else manager.select_related(None).only("pk")
        if not rows.totally_ordered:
            order = rows.query.order_by or rows.model._meta.ordering or ()
            rows = rows.order_by(*order, "pk")
        prefetches = bool(rows._prefetch_related_lookups)
        return rows.iterator(chunk_size=2000 if prefetches else None)


class Deserializer:
    """Reads from a stream or a text."""

    def __init__(self, stream_or_string, **options):
        self.options = options
        is_text = isinstance(stream_or_string, str)
        self.stream = StringIO(stream_or_string) if is_text else stream_or_string

    def __iter__(self):
        return self

    def __next__(self):
        raise _to_provide("Deserializer", "__next__")


class DeserializedObject:
    """An instance, what its many-to-many fields hold, and what could not be looked up yet."""

    def __init__(self, obj, m2m_data=None, deferred_fields=None):
        self.object = obj
        self.m2m_data = m2m_data
        self.deferred_fields = deferred_fields

    def __repr__(self):
        label = self.object._meta.label
        return f"<{type(self).__name__}: {label}(pk={self.object.pk})>"

    def save(self, save_m2m=True, using=None, **kwargs):
        # Raw: the row as it was written, whatever a model's own save() would do.
        models.Model.save_base(self.object, using=using, raw=True, **kwargs)
        if save_m2m:
            for name, rows in (self.m2m_data or {}).items():
                getattr(self.object, name).set_base(rows, raw=True)
        # Once is enough.
        self.m2m_data = None

    def save_deferred_fields(self, using=None):
        self.m2m_data = {}
        meta = self.object._meta
        for field, given in self.deferred_fields.items():
            try:
                if isinstance(field.remote_field, models.ManyToManyRel):
                    self.m2m_data[field.name] = deserialize_m2m_values(
                        field, given, using, handle_forward_references=False
                    )
                elif isinstance(field.remote_field, models.ManyToOneRel):
                    value = deserialize_fk_value(
                        field, given, using, handle_forward_references=False
                    )
                    setattr(self.object, field.attname, value)
            except M2MDeserializationError as failure:
                raise DeserializationError.WithData(
                    failure.original_exc, meta.label_lower, self.object.pk, failure.pk
                )
            except Exception as failure:
                raise DeserializationError.WithData(
                    failure, meta.label_lower, self.object.pk, given
                )
        self.save()


def _has_natural_keys(manager):
    return hasattr(manager, "get_by_natural_key")


def _is_natural_key(value):
    return hasattr(value, "__iter__") and not isinstance(value, str)


def build_instance(Model, data, db):
    """An instance; one that only has a natural key takes the key of the row it means."""
    pk = Model._meta.pk
    manager = Model._meta.default_manager
    if (
        data.get(pk.attname) is None
        and _has_natural_keys(manager)
        and hasattr(Model, "natural_key")
    ):
        draft = Model(**data)
        draft._state.db = db
        key = draft.natural_key()
        try:
            found = manager.db_manager(db).get_by_natural_key(*key)
        except Model.DoesNotExist:
            pass
        else:
            data[pk.attname] = pk.to_python(found.pk)
    return Model(**data)


def deserialize_m2m_values(field, field_value, using, handle_forward_references):
    model = field.remote_field.model
    manager = model._default_manager
    natural = _has_natural_keys(manager)
    try:
        keys = iter(field_value)
    except TypeError as failure:
        raise M2MDeserializationError(failure, field_value)
    found = []
    for key in keys:
        try:
            if natural and _is_natural_key(key):
                found.append(manager.db_manager(using).get_by_natural_key(*key).pk)
            else:
                found.append(model._meta.pk.to_python(key))
        except ObjectDoesNotExist as failure:
            if handle_forward_references:
                return DEFER_FIELD
            raise M2MDeserializationError(failure, key)
        except Exception as failure:
            raise M2MDeserializationError(failure, key)
    return found


def deserialize_fk_value(field, field_value, using, handle_forward_references):
    if field_value is None:
        return None
    model = field.remote_field.model
    manager = model._default_manager
    target = field.remote_field.field_name
    if not (_has_natural_keys(manager) and _is_natural_key(field_value)):
        return model._meta.get_field(target).to_python(field_value)
    try:
        found = manager.db_manager(using).get_by_natural_key(*field_value)
    except ObjectDoesNotExist:
        if handle_forward_references:
            return DEFER_FIELD
        raise
    value = getattr(found, target)
    # Where the key is itself a relation, the value is at its end.
    return value.pk if model._meta.pk.remote_field else value
