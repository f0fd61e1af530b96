"""``IndexExpression``: an expression as an index has it."""

from django.db.models.expressions import Col, Func, OrderBy
from django.db.models.functions import Collate


class IndexExpression(Func):
    """Puts an expression into parentheses, and what goes around it (order, collation) outside."""

    template = "%(expressions)s"
    wrapper_classes = (OrderBy, Collate)

    def set_wrapper_classes(self, connection=None):
        if connection and connection.features.collate_as_index_expression:
            kept = [kind for kind in self.wrapper_classes if kind is not Collate]
            self.wrapper_classes = tuple(kept)

    @classmethod
    def register_wrappers(cls, *wrapper_classes):
        cls.wrapper_classes = wrapper_classes

    def resolve_expression(
        self, query=None, allow_joins=True, reuse=None, summarize=False, for_save=False
    ):
        parts = list(self.flatten())[1:]
        wrappers = [part for part in parts if isinstance(part, self.wrapper_classes)]
        kinds = [type(wrapper) for wrapper in wrappers]
        if len(set(kinds)) != len(kinds):
            names = ", ".join(kind.__qualname__ for kind in self.wrapper_classes)
            raise ValueError(
                f"Multiple references to {names} can't be used in an indexed expression."
            )
        if parts[: len(wrappers)] != wrappers:
            names = ", ".join(kind.__qualname__ for kind in self.wrapper_classes)
            raise ValueError(f"{names} must be topmost expressions in an indexed expression.")
        root = parts[len(wrappers)]
        resolved = root.resolve_expression(query, allow_joins, reuse, summarize, for_save)
        if not isinstance(resolved, Col):
            root = Func(root, template="(%(expressions)s)")
        for outer, inner in zip(wrappers, [*wrappers[1:], root]):
            outer.set_source_expressions([inner])
        self.set_source_expressions([wrappers[0] if wrappers else root])
        return super().resolve_expression(query, allow_joins, reuse, summarize, for_save)
