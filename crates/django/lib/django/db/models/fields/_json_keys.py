"""Ways to a document's keys that users' classes build upon."""

from django.db.models.fields.json import KeyTextTransform, KeyTransform


class KeyTransformFactory:
    """What a ``JSONField`` gives for a name that is no transform: a key."""

    def __init__(self, key_name):
        self.key_name = key_name

    def __call__(self, *args, **kwargs):
        return KeyTransform(self.key_name, *args, **kwargs)


class KeyTransformTextLookupMixin:
    """For lookups that compare a key's value as text."""

    def __init__(self, key_transform, *args, **kwargs):
        if not isinstance(key_transform, KeyTransform):
            raise TypeError(
                "Transform should be an instance of KeyTransform in order to use this lookup."
            )
        as_text = KeyTextTransform(key_transform.key_name, *key_transform.source_expressions)
        super().__init__(as_text, *args, **kwargs)
