"""``FileField`` and ``ImageField``: a column holds a name, a storage holds the file."""

import datetime
import posixpath

from django.core.exceptions import FieldError
from django.core.files.base import ContentFile, File
from django.core.files.images import ImageFile
from django.core.files.storage import Storage, default_storage
from django.core.files.utils import validate_file_name
from django.db.models import signals
from django.db.models.fields._files import FileField as FileColumn
from django.db.models.query_utils import DeferredAttribute


class FieldFile(File):
    """The file of one row's field."""

    def __init__(self, instance, field, name):
        super().__init__(None, name)
        self.instance = instance
        self.field = field
        self.storage = field.storage
        self._committed = True

    def __eq__(self, other):
        # Two are the same file when they have the same name.
        return self.name == getattr(other, "name", other)

    def __hash__(self):
        return hash(self.name)

    def _require_file(self):
        if not self:
            raise ValueError(
                f"The '{self.field.name}' attribute has no file associated with it."
            )

    @property
    def file(self):
        self._require_file()
        if getattr(self, "_file", None) is None:
            self._file = self.storage.open(self.name, "rb")
        return self._file

    @file.setter
    def file(self, file):
        self._file = file

    @file.deleter
    def file(self):
        del self._file

    @property
    def path(self):
        self._require_file()
        return self.storage.path(self.name)

    @property
    def url(self):
        self._require_file()
        return self.storage.url(self.name)

    @property
    def size(self):
        self._require_file()
        return self.storage.size(self.name) if self._committed else self.file.size

    def open(self, mode="rb"):
        self._require_file()
        if getattr(self, "_file", None) is None:
            self.file = self.storage.open(self.name, mode)
        else:
            self.file.open(mode)
        return self

    open.alters_data = True

    def save(self, name, content, save=True):
        """Keeps the content, then (unless told not to) saves the row."""
        name = self.field.generate_filename(self.instance, name)
        self.name = self.storage.save(name, content, max_length=self.field.max_length)
        setattr(self.instance, self.field.attname, self.name)
        self._committed = True
        if save:
            self.instance.save()

    save.alters_data = True

    def delete(self, save=True):
        """Removes the file, then (unless told not to) saves the row."""
        if not self:
            return
        if hasattr(self, "_file"):
            self.close()
            del self.file
        self.storage.delete(self.name)
        self.name = None
        setattr(self.instance, self.field.attname, self.name)
        self._committed = False
        if save:
            self.instance.save()

    delete.alters_data = True

    @property
    def closed(self):
        file = getattr(self, "_file", None)
        return file is None or file.closed

    def close(self):
        file = getattr(self, "_file", None)
        if file is not None:
            file.close()

    def __getstate__(self):
        # The descriptor gives the rest back when the name is looked at again.
        return {
            "name": self.name,
            "closed": False,
            "_committed": True,
            "_file": None,
            "instance": self.instance,
            "field": self.field,
        }

    def __setstate__(self, state):
        state = {key: value for key, value in state.items() if key != "closed"}
        self.__dict__.update(state)
        self.storage = self.field.storage


class FileDescriptor(DeferredAttribute):
    """Makes a row's name a ``FieldFile`` when it is looked at."""

    def __get__(self, instance, cls=None):
        if instance is None:
            return self
        file = super().__get__(instance, cls)
        made = self.field.attr_class
        if isinstance(file, str) or file is None:
            file = made(instance, self.field, file)
        elif isinstance(file, FieldFile):
            # One that was unpickled, or that another row had.
            if not hasattr(file, "field"):
                file.instance, file.field = instance, self.field
                file.storage = self.field.storage
            elif instance is not file.instance:
                file.instance = instance
        elif isinstance(file, File):
            given = file
            file = made(instance, self.field, given.name)
            file.file = given
            file._committed = False
        instance.__dict__[self.field.attname] = file
        return instance.__dict__[self.field.attname]

    def __set__(self, instance, value):
        instance.__dict__[self.field.attname] = value


class FileField(FileColumn):
    """A column with the name of a file."""

    attr_class = FieldFile
    descriptor_class = FileDescriptor
    # The column's own are read-only: what is set here belongs to the file's side.
    storage = None
    upload_to = ""

    def __init__(
        self, verbose_name=None, name=None, upload_to="", storage=None, **kwargs
    ):
        self._primary_key_set_explicitly = "primary_key" in kwargs
        self._given_storage = storage
        found = storage or default_storage
        if callable(found):
            found = found()
            if not isinstance(found, Storage):
                raise TypeError(
                    f"{type(self).__qualname__}.storage must be a subclass/instance "
                    f"of {Storage.__module__}.{Storage.__qualname__}"
                )
        super().__init__(verbose_name, name, upload_to=upload_to, **kwargs)
        self.storage = found
        self.upload_to = upload_to

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("storage", None)
        if kwargs.get("max_length") == 100:
            del kwargs["max_length"]
        kwargs["upload_to"] = self.upload_to
        if self.storage is not default_storage:
            kwargs["storage"] = (
                self._given_storage if callable(self._given_storage) else self.storage
            )
        return name, path, args, kwargs

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return None if value is None else str(value)

    def pre_save(self, model_instance, add):
        file = super().pre_save(model_instance, add)
        if file.name is None and file._file is not None:
            error = FieldError(
                f"File for {self.name} must have the name attribute specified to be "
                "saved."
            )
            if isinstance(file._file, ContentFile):
                error.add_note("Pass a 'name' argument to ContentFile.")
            raise error
        if file and not file._committed:
            file.save(file.name, file.file, save=False)
        return file

    def generate_filename(self, instance, filename):
        """Where a file of that name goes: what ``upload_to`` says, made valid."""
        if callable(self.upload_to):
            filename = self.upload_to(instance, filename)
        else:
            folder = datetime.datetime.now().strftime(str(self.upload_to))
            filename = posixpath.join(folder, filename)
        filename = validate_file_name(filename, allow_relative_path=True)
        return self.storage.generate_filename(filename)

    def save_form_data(self, instance, data):
        # None says "unchanged", False says "no file".
        if data is not None:
            setattr(instance, self.name, data or "")

    def formfield(self, **kwargs):
        from django import forms

        given = {"form_class": forms.FileField, "max_length": self.max_length}
        return super().formfield(**(given | kwargs))


class ImageFileDescriptor(FileDescriptor):
    """Keeps the columns of width and height in step with the picture."""

    def __set__(self, instance, value):
        before = instance.__dict__.get(self.field.attname)
        super().__set__(instance, value)
        # What a row's own constructor sets was read with the sizes beside it.
        if before is not None:
            self.field.update_dimension_fields(instance, force=True)


class ImageFieldFile(ImageFile, FieldFile):
    """The picture of one row's field."""

    def delete(self, save=True):
        self.__dict__.pop("_dimensions_cache", None)
        super().delete(save)


class ImageField(FileField):
    """A column with the name of a picture, perhaps with columns for its size."""

    attr_class = ImageFieldFile
    descriptor_class = ImageFileDescriptor
    width_field = None
    height_field = None

    def __init__(
        self, verbose_name=None, name=None, width_field=None, height_field=None, **kwargs
    ):
        super().__init__(verbose_name, name, **kwargs)
        self.width_field, self.height_field = width_field, height_field

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        for option in ("width_field", "height_field"):
            if value := getattr(self, option):
                kwargs[option] = value
        return name, path, args, kwargs

    def contribute_to_class(self, cls, name, **kwargs):
        super().contribute_to_class(cls, name, **kwargs)
        sized = self.width_field or self.height_field
        if sized and not cls._meta.abstract:
            signals.post_init.connect(self.update_dimension_fields, sender=cls)

    def update_dimension_fields(self, instance, force=False, *args, **kwargs):
        """Writes the picture's size into the row, where it has columns for it."""
        sized = self.width_field or self.height_field
        if not sized or self.attname not in instance.__dict__:
            return
        file = getattr(instance, self.attname)
        if not file and not force:
            return
        columns = [name for name in (self.width_field, self.height_field) if name]
        if not force and all(getattr(instance, name) for name in columns):
            return
        size = {
            self.width_field: file.width if file else None,
            self.height_field: file.height if file else None,
        }
        for name in columns:
            setattr(instance, name, size[name])

    def formfield(self, **kwargs):
        from django import forms

        return super().formfield(**({"form_class": forms.ImageField} | kwargs))


for _class in (
    FieldFile,
    FileDescriptor,
    FileField,
    ImageFileDescriptor,
    ImageFieldFile,
    ImageField,
):
    _class.__module__ = "django.db.models.fields.files"
