"""How fields are shown: their names and where they find their value."""


class Widget:
    """Finds a field's value in the data that was sent."""

    is_localized = False
    is_required = False
    needs_multipart_form = False
    supports_microseconds = True

    def __init__(self, attrs=None):
        self.attrs = dict(attrs or {})

    def __copy__(self):
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__, attrs=dict(self.attrs))
        return made

    def __deepcopy__(self, memo):
        return self.__copy__()

    def value_from_datadict(self, data, files, name):
        return data.get(name)

    def value_omitted_from_data(self, data, files, name):
        return name not in data

    @property
    def is_hidden(self):
        return getattr(self, "input_type", None) == "hidden"

    def render(self, name, value, attrs=None, renderer=None):
        raise NotImplementedError("rendering forms")


class Input(Widget):
    input_type = None


class TextInput(Input):
    input_type = "text"


class NumberInput(Input):
    input_type = "number"


class EmailInput(Input):
    input_type = "email"


class URLInput(Input):
    input_type = "url"


class HiddenInput(Input):
    input_type = "hidden"


class Textarea(Widget):
    pass


class _FormattedInput(TextInput):
    supports_microseconds = False

    def __init__(self, attrs=None, format=None):
        super().__init__(attrs)
        self.format = format


class DateInput(_FormattedInput):
    pass


class DateTimeInput(_FormattedInput):
    pass


class TimeInput(_FormattedInput):
    pass


class FileInput(Input):
    input_type = "file"
    needs_multipart_form = True

    def value_from_datadict(self, data, files, name):
        return files.get(name)

    def value_omitted_from_data(self, data, files, name):
        return name not in files


class ClearableFileInput(FileInput):
    pass


class CheckboxInput(Input):
    input_type = "checkbox"

    def value_from_datadict(self, data, files, name):
        # A box without a tick is not sent.
        value = data.get(name, False)
        if isinstance(value, str):
            return {"true": True, "false": False}.get(value.lower(), bool(value))
        return bool(value)

    def value_omitted_from_data(self, data, files, name):
        return False


class Select(Widget):
    def __init__(self, attrs=None, choices=()):
        super().__init__(attrs)
        self.choices = choices


class RadioSelect(Select):
    pass


class NullBooleanSelect(Select):
    def value_from_datadict(self, data, files, name):
        known = {True: True, "True": True, "true": True, "2": True}
        known |= {False: False, "False": False, "false": False, "3": False}
        return known.get(data.get(name))


class SelectMultiple(Select):
    def value_from_datadict(self, data, files, name):
        return data.getlist(name) if hasattr(data, "getlist") else data.get(name)

    def value_omitted_from_data(self, data, files, name):
        return False


class MultipleHiddenInput(HiddenInput):
    value_from_datadict = SelectMultiple.value_from_datadict


class SplitDateTimeWidget(Widget):
    def value_from_datadict(self, data, files, name):
        return [data.get(f"{name}_{part}") for part in (0, 1)]
