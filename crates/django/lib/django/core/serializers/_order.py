"""In which order models are written, so that reading them back finds what each refers to."""

from django.apps import apps


def sort_dependencies(app_list, allow_cycles=False):
    """The models of ``(app_config, models)`` pairs; what a natural key names comes first."""
    waiting = []
    for app_config, models in app_list:
        for model in app_config.get_models() if models is None else models:
            waiting.append((model, _needed(model)))
    concerned = {model for model, _ in waiting}
    done = []
    while waiting:
        later = []
        for model, needed in waiting:
            if all(other in done or other not in concerned for other in needed):
                done.append(model)
            else:
                later.append((model, needed))
        if len(later) == len(waiting):
            if not allow_cycles:
                names = sorted((m for m, _ in later), key=lambda m: m.__name__)
                labels = ", ".join(m._meta.label for m in names)
                raise RuntimeError(
                    f"Can't resolve dependencies for {labels} in serialized app list."
                )
            # One of the ring goes first, whatever it needs.
            done.append(later.pop(0)[0])
        waiting = later
    return done


def _needed(model):
    """The models that must be there before this one's rows can be read."""
    needed = []
    if hasattr(model, "natural_key"):
        names = getattr(model.natural_key, "dependencies", ())
        needed += [apps.get_model(name) for name in names]
    related = [f.remote_field.model for f in model._meta.fields if f.remote_field]
    related += [
        f.remote_field.model
        for f in model._meta.many_to_many
        if f.remote_field.through._meta.auto_created
    ]
    needed += [m for m in related if m is not model and hasattr(m, "natural_key")]
    return needed
