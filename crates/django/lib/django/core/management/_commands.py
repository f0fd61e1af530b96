"""Finds and runs commands that are written in Python: Django's and the apps' own."""

import argparse
import importlib

from django.apps import apps
from django.core.management.base import CommandError


def find(name):
    """The command, or ``None``; an app's own comes before Django's."""
    homes = [config.name for config in reversed(list(apps.get_app_configs()))]
    for home in (*homes, "django.core"):
        path = f"{home}.management.commands.{name}"
        try:
            return importlib.import_module(path).Command()
        except ModuleNotFoundError as failure:
            # Missing itself, or something that it imports?
            if failure.name is None or not (path + ".").startswith(failure.name + "."):
                raise
    return None


def run(command, name, words):
    """As from the command line."""
    command.run_from_argv(["manage.py", name, *words])


def call(command, name, args, options):
    """As ``call_command()``: words and options by name."""
    parser = command.create_parser("", name)
    actions = list(parser._actions)
    by_option = {
        min(action.option_strings).lstrip("-").replace("-", "_"): action.dest
        for action in actions
        if action.option_strings
    }
    given = {by_option.get(key, key): value for key, value in options.items()}
    words = []
    for arg in args:
        words += map(str, arg) if isinstance(arg, (list, tuple)) else [str(arg)]
    for action in actions:
        # What must be given may be given by name.
        if action.required and action.option_strings and action.dest in given:
            value = given[action.dest]
            flag = min(action.option_strings)
            if isinstance(action, (argparse._StoreTrueAction, argparse._StoreFalseAction)):
                words.append(flag)
            elif isinstance(value, (list, tuple)):
                words += [flag, *map(str, value)]
            else:
                words.append(f"{flag}={value}")
    defaults = {**vars(parser.parse_args(words)), **given}
    known = {action.dest for action in actions} | {
        *command.base_stealth_options,
        *command.stealth_options,
        *by_option,
    }
    if unknown := set(options) - known:
        listed = ", ".join(sorted(unknown))
        valid = ", ".join(sorted(known))
        raise TypeError(
            f"Unknown option(s) for {name} command: {listed}. Valid options are: {valid}."
        )
    words = defaults.pop("args", ())
    # Called from Python, a command trusts its caller unless told otherwise.
    if "skip_checks" not in options:
        defaults["skip_checks"] = True
    return command.execute(*words, **defaults)


def parse_apps_and_model_labels(labels):
    """``app`` and ``app.Model``, apart: models and app configs."""
    found_apps, found_models = set(), set()
    for label in labels:
        try:
            if "." in label:
                found_models.add(apps.get_model(label))
            else:
                found_apps.add(apps.get_app_config(label))
        except LookupError as failure:
            if "." in label:
                raise CommandError(f"Unknown model: {label}") from failure
            raise CommandError(str(failure)) from failure
    return found_models, found_apps
