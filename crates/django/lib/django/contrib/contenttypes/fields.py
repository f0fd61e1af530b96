"""Relations to rows of any model: ``GenericForeignKey``, and ``GenericRelation`` back from it."""

from django.contrib import _contenttypes
from django.contrib.contenttypes.managers import create_generic_related_manager
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.fields.related import lazy_related_operation
from django.db.models.fields.related_descriptors import ReverseManyToOneDescriptor
from django.db.models.fields.reverse_related import GenericRel  # noqa: F401
from django.db.models.query import prefetch_related_objects


class GenericForeignKey(_contenttypes.GenericForeignKey):
    """Leads to the row that a content type and an object id name together."""

    def contribute_to_class(self, cls, name, **kwargs):
        super().contribute_to_class(cls, name, private_only=True, **kwargs)
        setattr(cls, self.attname, GenericForeignKeyDescriptor(self))

    @property
    def ct_field_attname(self):
        return self.model._meta.get_field(self.ct_field).attname

    @property
    def cache_name(self):
        return self.name

    def get_filter_kwargs_for_object(self, obj):
        names = (self.fk_field, self.ct_field_attname)
        return {name: getattr(obj, name) for name in names}

    def get_forward_related_filter(self, obj):
        ct = ContentType.objects.get_for_model(obj)
        return {self.fk_field: obj.pk, self.ct_field: ct.pk}

    def get_content_type(self, obj=None, id=None, using=None, model=None):
        """The content type of an object, of an id, or of a model."""
        if obj is not None:
            using, model = obj._state.db, obj
        manager = ContentType.objects.db_manager(using)
        if obj is None and id is not None:
            return manager.get_for_id(id)
        if model is None:
            raise Exception("Impossible arguments to GFK.get_content_type!")
        return manager.get_for_model(model, for_concrete_model=self.for_concrete_model)

    def check(self, **kwargs):
        return [
            *self._check_field_name(),
            *self._check_object_id_field(),
            *self._check_content_type_field(),
        ]

    def _error(self, message, number, hint=None):
        from django.core import checks

        code = f"contenttypes.E00{number}"
        return [checks.Error(message, hint=hint, obj=self, id=code)]

    def _check_object_id_field(self):
        try:
            self.model._meta.get_field(self.fk_field)
        except FieldDoesNotExist:
            return self._error(
                "The GenericForeignKey object ID references the "
                f"nonexistent field '{self.fk_field}'.",
                1,
            )
        return []

    def _check_content_type_field(self):
        name = f"{self.model._meta.object_name}.{self.ct_field}"
        try:
            field = self.model._meta.get_field(self.ct_field)
        except FieldDoesNotExist:
            return self._error(
                "The GenericForeignKey content type references the "
                f"nonexistent field '{name}'.",
                2,
            )
        hint = (
            "GenericForeignKeys must use a ForeignKey to "
            "'contenttypes.ContentType' as the 'content_type' field."
        )
        if not isinstance(field, models.ForeignKey):
            return self._error(f"'{name}' is not a ForeignKey.", 3, hint)
        if field.remote_field.model != ContentType:
            message = f"'{name}' is not a ForeignKey to 'contenttypes.ContentType'."
            return self._error(message, 4, hint)
        database_level = (models.DB_CASCADE, models.DB_SET_NULL, models.DB_SET_DEFAULT)
        if field.remote_field.on_delete in database_level:
            return self._error(
                f"'{name}' cannot use the database-level on_delete variant.",
                6,
                "Change the on_delete rule to the non-database variant.",
            )
        return []


class GenericForeignKeyDescriptor:
    """The attribute of a generic key."""

    def __init__(self, field):
        self.field = field

    def is_cached(self, instance):
        return self.field.is_cached(instance)

    def _key(self, instance):
        # The id alone: reading the content type itself would ask the database each time,
        # while content types are remembered by id.
        ct_id = getattr(instance, self.field.ct_field_attname, None)
        return ct_id, getattr(instance, self.field.fk_field)

    def _querysets_by_type(self, querysets):
        chosen = {}
        for queryset in querysets or ():
            ct = self.field.get_content_type(model=queryset.model, using=queryset.db)
            if ct.pk in chosen:
                raise ValueError("Only one queryset is allowed for each content type.")
            chosen[ct.pk] = queryset
        return chosen

    def get_prefetch_querysets(self, instances, querysets=None):
        chosen = self._querysets_by_type(querysets)
        keys = {}
        examples = {}
        for instance in instances:
            ct_id, key = self._key(instance)
            if ct_id is not None and key is not None:
                keys.setdefault(ct_id, set()).add(key)
                examples[ct_id] = instance
        found = []
        for ct_id, wanted in keys.items():
            if ct_id in chosen:
                queryset = chosen[ct_id].filter(pk__in=wanted)
            else:
                ct = self.field.get_content_type(
                    id=ct_id, using=examples[ct_id]._state.db
                )
                queryset = ct.get_all_objects_for_this_type(pk__in=wanted)
            found.extend(queryset.fetch_mode(instances[0]._state.fetch_mode))

        def key_of_found(obj):
            return obj._meta.pk.value_to_string(obj), obj.__class__

        def key_of_instance(obj):
            ct_id, key = self._key(obj)
            if ct_id is None:
                return None
            ct = self.field.get_content_type(id=ct_id, using=obj._state.db)
            model = ct.model_class()
            return str(key), model

        return found, key_of_found, key_of_instance, True, self.field.name, False

    def __get__(self, instance, cls=None):
        if instance is None:
            return self
        ct_id, key = self._key(instance)
        if self.field.is_cached(instance):
            known = self.field.get_cached_value(instance, None)
            if known is None:
                return None
            ct = self.field.get_content_type(obj=known, using=instance._state.db)
            if ct_id == ct.id and known._meta.pk.to_python(key) == known.pk:
                return known
        instance._state.fetch_mode.fetch(self, instance)
        return self.field.get_cached_value(instance)

    def fetch_one(self, instance):
        ct_id, key = self._key(instance)
        using = instance._state.db
        found = None
        if ct_id is not None:
            ct = self.field.get_content_type(id=ct_id, using=using)
            try:
                found = ct.get_object_for_this_type(using=using, pk=key)
            except ObjectDoesNotExist:
                pass
            else:
                found._state.fetch_mode = instance._state.fetch_mode
        self.field.set_cached_value(instance, found)

    def fetch_many(self, instances):
        missing = [one for one in instances if not self.field.is_cached(one)]
        return prefetch_related_objects(missing, self.field.name)

    def __set__(self, instance, value):
        ct = key = None
        if value is not None:
            ct, key = self.field.get_content_type(obj=value), value.pk
        setattr(instance, self.field.ct_field, ct)
        setattr(instance, self.field.fk_field, key)
        self.field.set_cached_value(instance, value)


class GenericRelation(_contenttypes.GenericRelation):
    """The rows of a model whose generic key leads here."""

    rel_class = GenericRel

    def contribute_to_class(self, cls, name, **kwargs):
        kwargs["private_only"] = True
        super().contribute_to_class(cls, name, **kwargs)
        setattr(cls, self.name, ReverseGenericManyToOneDescriptor(self.remote_field))
        if not cls._meta.abstract:
            lazy_related_operation(self._order_accessors, cls, self.remote_field.model)

    def _order_accessors(self, model, related_model):
        ordered_by = related_model._meta.order_with_respect_to
        if self._is_matching_generic_foreign_key(ordered_by):
            from django.db.models.base import make_foreign_order_accessors

            make_foreign_order_accessors(related_model, model)

    def _is_matching_generic_foreign_key(self, field):
        return (
            isinstance(field, GenericForeignKey)
            and field.ct_field == self.content_type_field_name
            and field.fk_field == self.object_id_field_name
        )

    def check(self, **kwargs):
        return [*super().check(**kwargs), *self._check_generic_foreign_key_existence()]

    def _check_generic_foreign_key_existence(self):
        target = self.remote_field.model
        if isinstance(target, str):
            return []
        if any(map(self._is_matching_generic_foreign_key, target._meta.private_fields)):
            return []
        from django.core import checks

        return [
            checks.Error(
                "The GenericRelation defines a relation with the model "
                f"'{target._meta.label}', but that model does not have a "
                "GenericForeignKey.",
                obj=self,
                id="contenttypes.E004",
            )
        ]

    def get_local_related_value(self, instance):
        return tuple(getattr(instance, f.attname) for f in self.foreign_related_fields)

    def get_foreign_related_value(self, instance):
        # Object ids may be text where the keys they name are numbers.
        pairs = zip(self.foreign_related_fields, self.local_related_fields)
        return tuple(key.to_python(getattr(instance, f.attname)) for key, f in pairs)

    def value_to_string(self, obj):
        return str([one.pk for one in getattr(obj, self.name).all()])

    def get_content_type(self):
        """The content type of the model that has this field."""
        return ContentType.objects.get_for_model(
            self.model, for_concrete_model=self.for_concrete_model
        )

    def bulk_related_objects(self, objs, using=DEFAULT_DB_ALIAS):
        """The rows that lead to any of the objects."""
        ct = ContentType.objects.db_manager(using).get_for_model(
            self.model, for_concrete_model=self.for_concrete_model
        )
        return self.remote_field.model._base_manager.db_manager(using).filter(
            **{
                f"{self.content_type_field_name}__pk": ct.pk,
                f"{self.object_id_field_name}__in": [obj.pk for obj in objs],
            }
        )


class ReverseGenericManyToOneDescriptor(ReverseManyToOneDescriptor):
    """The attribute of a ``GenericRelation``: a manager."""

    @property
    def related_manager_cls(self):
        made = self.__dict__.get("_made_class")
        if made is None:
            superclass = self.rel.model._default_manager.__class__
            made = create_generic_related_manager(superclass, self.rel)
            self.__dict__["_made_class"] = made
        return made

    def __get__(self, instance, cls=None):
        if instance is None:
            return self
        return self.related_manager_cls(instance)

    def __set__(self, instance, value):
        raise TypeError(
            "Direct assignment to the reverse side of a related set is prohibited. "
            f"Use {self.rel.field.name}.set() instead."
        )
