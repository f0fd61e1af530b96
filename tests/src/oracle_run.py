"""`ormscope run PROJECT` with real Django: FOLDER."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import oracle_project

folder = sys.argv[1]
oracle_project.set_up(folder)
from django.core.management import call_command

call_command("migrate", run_syncdb=True, verbosity=0)
for name in ("seed.py", "queries.py"):
    path = os.path.join(folder, name)
    if os.path.exists(path):
        with open(path) as file:
            exec(compile(file.read(), path, "exec"), oracle_project.namespace())
