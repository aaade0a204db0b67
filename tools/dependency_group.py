"""Prints a dependency group of pyproject.toml as requirements, for installers that do not know groups yet."""

import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parent.parent / "pyproject.toml"

print("\n".join(tomllib.loads(PROJECT.read_text("utf-8"))["dependency-groups"][sys.argv[1]]))
