"""Texts that need no escaping."""


class SafeString(str):
    """A text that HTML may show as it is."""

    def __html__(self):
        return self

    def __str__(self):
        return self

    def __add__(self, other):
        joined = super().__add__(other)
        return SafeString(joined) if isinstance(other, SafeString) else joined


SafeText = SafeString


def mark_safe(s):
    """The text, declared safe."""
    return s if hasattr(s, "__html__") else SafeString(s)
