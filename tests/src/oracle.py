"""Runs cases on real Django: one process a project, one fork a case.

Reads {"project": folder, "driver": text, "cases": [[[statement, ...], ...], ...]}
from its input and prints one line for every case.
"""

import json
import os
import sys
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import oracle_project


def main():
    job = json.load(sys.stdin)
    oracle_project.set_up(job["project"])
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", run_syncdb=True, verbosity=0)
    seed = os.path.join(job["project"], "seed.py")
    if os.path.exists(seed):
        with open(seed) as file:
            exec(compile(file.read(), seed, "exec"), oracle_project.namespace())
    for blocks in job["cases"]:
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            try:
                scope = oracle_project.namespace()
                exec(compile(job["driver"], "driver.py", "exec"), scope)
                print(scope["_drive"](blocks, dict(scope), connection))
            except BaseException:
                print("@@failed@@" + json.dumps(traceback.format_exc()))
            sys.stdout.flush()
            os._exit(0)
        os.waitpid(child, 0)


main()
