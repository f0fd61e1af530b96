"""The manager behind the attribute of a ``GenericRelation``."""

from django.contrib.contenttypes.models import ContentType
from django.db import models, router, transaction


def create_generic_related_manager(superclass, rel):
    """A manager class in front of the related model's own."""

    class GenericRelatedObjectManager(superclass):
        do_not_call_in_templates = True

        def __init__(self, instance=None):
            super().__init__()
            field = rel.field
            self.instance = instance
            self.model = rel.model
            self.content_type = self.get_content_type(instance)
            self.content_type_field_name = field.content_type_field_name
            self.object_id_field_name = field.object_id_field_name
            self.prefetch_cache_name = field.attname
            self.pk_val = instance.pk
            self.core_filters = {
                f"{self.content_type_field_name}__pk": self.content_type.id,
                self.object_id_field_name: self.pk_val,
            }

        def __call__(self, *, manager):
            other = getattr(self.model, manager).__class__
            return create_generic_related_manager(other, rel)(instance=self.instance)

        def __str__(self):
            return repr(self)

        def get_content_type(self, obj):
            return ContentType.objects.db_manager(self.instance._state.db).get_for_model(
                obj, for_concrete_model=rel.field.for_concrete_model
            )

        def _write_db(self):
            return router.db_for_write(self.model, instance=self.instance)

        def _key(self):
            return {
                self.content_type_field_name: self.content_type,
                self.object_id_field_name: self.pk_val,
            }

        def _prefetched(self):
            return self.instance.__dict__.get("_prefetched_objects_cache") or {}

        def _remove_prefetched_objects(self):
            self._prefetched().pop(self.prefetch_cache_name, None)

        def _apply_rel_filters(self, queryset):
            using = self._db or router.db_for_read(self.model, instance=self.instance)
            mode = self.instance._state.fetch_mode
            return queryset.using(using).fetch_mode(mode).filter(**self.core_filters)

        def get_queryset(self):
            known = self._prefetched()
            if self.prefetch_cache_name in known:
                return known[self.prefetch_cache_name]
            return self._apply_rel_filters(super().get_queryset())

        def get_prefetch_querysets(self, instances, querysets=None):
            if querysets and len(querysets) != 1:
                raise ValueError(
                    "querysets argument of get_prefetch_querysets() should have a "
                    "length of 1."
                )
            queryset = querysets[0] if querysets else super().get_queryset()
            queryset._add_hints(instance=instances[0])
            queryset = queryset.using(queryset._db or self._db)
            keys = {}
            for obj in instances:
                keys.setdefault(self.get_content_type(obj).pk, set()).add(obj.pk)
            wanted = [
                models.Q(
                    (f"{self.content_type_field_name}__pk", ct_id),
                    (f"{self.object_id_field_name}__in", objs),
                )
                for ct_id, objs in sorted(keys.items())
            ]
            to_key = instances[0]._meta.pk.to_python
            ct_attname = f"{self.content_type_field_name}_id"

            def key_of_related(obj):
                key = to_key(getattr(obj, self.object_id_field_name))
                return key, getattr(obj, ct_attname)

            def key_of_instance(obj):
                return obj.pk, self.get_content_type(obj).pk

            return (
                queryset.filter(models.Q(*wanted, _connector=models.Q.OR)),
                key_of_related,
                key_of_instance,
                False,
                self.prefetch_cache_name,
                False,
            )

        def _point_here(self, obj):
            if not isinstance(obj, self.model):
                raise TypeError(
                    f"'{self.model._meta.object_name}' instance expected, got {obj!r}"
                )
            for name, value in self._key().items():
                setattr(obj, name, value)

        def add(self, *objs, bulk=True):
            self._remove_prefetched_objects()
            using = self._write_db()
            if not bulk:
                with transaction.atomic(using=using, savepoint=False):
                    for obj in objs:
                        self._point_here(obj)
                        obj.save()
                return
            keys = []
            for obj in objs:
                if obj._state.adding or obj._state.db != using:
                    raise ValueError(
                        f"{obj!r} instance isn't saved. Use bulk=False or save "
                        "the object first."
                    )
                self._point_here(obj)
                keys.append(obj.pk)
            rows = self.model._base_manager.using(using).filter(pk__in=keys)
            rows.update(**self._key())

        def remove(self, *objs, bulk=True):
            if objs:
                self._clear(self.filter(pk__in=[obj.pk for obj in objs]), bulk)

        def clear(self, *, bulk=True):
            self._clear(self, bulk)

        def _clear(self, queryset, bulk):
            self._remove_prefetched_objects()
            using = self._write_db()
            queryset = queryset.using(using)
            if bulk:
                queryset.delete()
                return
            with transaction.atomic(using=using, savepoint=False):
                for obj in queryset:
                    obj.delete()

        def set(self, objs, *, bulk=True, clear=False):
            # The objects may come from a query that this very change would empty.
            objs = tuple(objs)
            using = self._write_db()
            with transaction.atomic(using=using, savepoint=False):
                if clear:
                    self.clear()
                    self.add(*objs, bulk=bulk)
                    return
                old = set(self.using(using).all())
                new = []
                for obj in objs:
                    if obj in old:
                        old.remove(obj)
                    else:
                        new.append(obj)
                self.remove(*old)
                self.add(*new, bulk=bulk)

        def create(self, **kwargs):
            self._remove_prefetched_objects()
            kwargs.update(self._key())
            return super().using(self._write_db()).create(**kwargs)

        def get_or_create(self, **kwargs):
            kwargs.update(self._key())
            return super().using(self._write_db()).get_or_create(**kwargs)

        def update_or_create(self, **kwargs):
            kwargs.update(self._key())
            return super().using(self._write_db()).update_or_create(**kwargs)

        async def aadd(self, *objs, bulk=True):
            return self.add(*objs, bulk=bulk)

        async def aremove(self, *objs, bulk=True):
            return self.remove(*objs, bulk=bulk)

        async def aclear(self, *, bulk=True):
            return self.clear(bulk=bulk)

        async def aset(self, objs, *, bulk=True, clear=False):
            return self.set(objs, bulk=bulk, clear=clear)

        async def acreate(self, **kwargs):
            return self.create(**kwargs)

        async def aget_or_create(self, **kwargs):
            return self.get_or_create(**kwargs)

        async def aupdate_or_create(self, **kwargs):
            return self.update_or_create(**kwargs)

    changing = ("add", "remove", "clear", "_clear", "set", "create", "get_or_create")
    for name in (*changing, "update_or_create"):
        for method in (name, f"a{name}"):
            if method in GenericRelatedObjectManager.__dict__:
                getattr(GenericRelatedObjectManager, method).alters_data = True
    return GenericRelatedObjectManager
