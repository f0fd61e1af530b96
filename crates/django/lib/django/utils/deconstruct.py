"""``deconstructible``: objects that a migration can write down."""

from importlib import import_module


def deconstructible(*args, path=None):
    """A class decorator: instances remember what they were made from."""

    def decorate(klass):
        def __new__(cls, *args, **kwargs):
            made = super(klass, cls).__new__(cls)
            made._constructor_args = (args, kwargs)
            return made

        def deconstruct(self):
            name = self.__class__.__name__
            module = self.__module__
            if path and type(self) is klass:
                module, _, name = path.rpartition(".")
            if not hasattr(import_module(module), name):
                raise ValueError(
                    f"Could not find object {name} in {module}.\n"
                    "Please note that you cannot serialize things like inner "
                    "classes. Please move the object into the main module body to "
                    "use migrations.\n"
                    "For more information, see "
                    "https://docs.djangoproject.com/en/6.1/topics/migrations/"
                    "#serializing-values"
                )
            shown = path if path and type(self) is klass else f"{module}.{name}"
            return (shown, *self._constructor_args)

        klass.__new__ = staticmethod(__new__)
        klass.deconstruct = deconstruct
        return klass

    return decorate(*args) if args else decorate
