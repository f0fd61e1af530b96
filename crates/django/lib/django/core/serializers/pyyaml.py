"""YAML wants PyYAML, which is not part of this Python: importing this says so."""

import yaml  # noqa: F401
