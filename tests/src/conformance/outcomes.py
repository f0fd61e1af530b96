"""Runs an app of Django's own tests on real Django and writes what became of
each test: TESTS APP FILE."""

import json
import os
import runpy
import sys
import unittest

tests, app, file = sys.argv[1:4]
outcomes = {}
RANK = ["passed", "expected failure", "skipped", "unexpected success", "failed", "error"]


def note(test, outcome):
    name = test.id()
    before = outcomes.get(name, "passed")
    outcomes[name] = max(before, outcome, key=RANK.index)


def noting(method, outcome):
    original = getattr(unittest.TextTestResult, method)

    def noted(self, test, *arguments):
        note(test, outcome)
        return original(self, test, *arguments)

    setattr(unittest.TextTestResult, method, noted)


noting("addSuccess", "passed")
noting("addFailure", "failed")
noting("addError", "error")
noting("addSkip", "skipped")
noting("addExpectedFailure", "expected failure")
noting("addUnexpectedSuccess", "unexpected success")
add_sub_test = unittest.TextTestResult.addSubTest


def sub_test(self, test, subtest, error):
    if error is not None:
        note(test, "failed" if issubclass(error[0], test.failureException) else "error")
    return add_sub_test(self, test, subtest, error)


unittest.TextTestResult.addSubTest = sub_test

os.chdir(tests)
sys.path.insert(0, tests)
sys.argv = ["runtests.py", "--parallel=1", "--verbosity=0", app]
try:
    runpy.run_path("runtests.py", run_name="__main__")
except SystemExit:
    pass
with open(file, "w") as out:
    json.dump({"run": len(outcomes), "outcomes": outcomes}, out, indent=0, sort_keys=True)
