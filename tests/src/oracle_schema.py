"""What the models of a project hold, as JSON: FOLDER.

{model: {"fields": {name: kind}, "relations": {name: [model, many, forward]},
"accessors": {name: attribute}, "writable": [name], "key": kind}}
"""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import oracle_project

oracle_project.set_up(sys.argv[1])
from django.apps import apps
from django.db import models

schema = {}
for model in apps.get_models():
    if model._meta.proxy:
        continue
    fields, relations, accessors, writable = {}, {}, {}, []
    for field in model._meta.get_fields():
        if field.concrete and not (field.primary_key or field.many_to_many or field.generated):
            writable.append(field.name)
        if field.is_relation:
            if field.related_model is None or getattr(field, "hidden", False):
                continue
            many = bool(field.one_to_many or field.many_to_many)
            forward = bool(field.concrete and field.related_model)
            reverse = hasattr(field, "get_accessor_name")
            accessors[field.name] = field.get_accessor_name() if reverse else field.name
            relations[field.name] = [field.related_model.__name__, many, forward]
        else:
            fields[field.name] = field.get_internal_type()
    schema[model.__name__] = {
        "fields": fields,
        "relations": relations,
        "accessors": accessors,
        "writable": writable,
        "key": model._meta.pk.get_internal_type(),
    }
print(json.dumps(schema))
