"""Read rule files that ship in this package; what is wrong in one is said with the file and the field."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml


class PolicyError(Exception):
    """A rule file is wrong. Names the file and the field, so that whoever edits rules can find the place."""

    def __init__(self, file: str, field: str, wrong: str) -> None:
        self.file, self.field = file, field
        super().__init__(f"{file}: {field or 'the file'}: {wrong}")


def text(file: str) -> str:
    """Give the text of a rule file of this package."""
    return files("policies").joinpath(file).read_text(encoding="utf-8")


class Document:
    """A YAML rule file, read field by field. A field is a path such as `grades.core.allowed`.

    `source` overrides the packaged text (for rules kept elsewhere). Raises `PolicyError`.
    """

    def __init__(self, file: str, source: str | None = None) -> None:
        self.file = file
        try:
            self.content = yaml.safe_load(text(file) if source is None else source)
        except yaml.YAMLError as error:
            raise PolicyError(file, "", f"is not YAML: {error}") from error

    def mapping(self, field: str) -> dict[str, Any]:
        """Give the mapping at `field`; its keys are text."""
        found = self._at(field)
        if not isinstance(found, dict) or not found or not all(isinstance(key, str) for key in found):
            raise PolicyError(self.file, field, "must be a mapping with text keys and at least one of them")
        return found

    def string(self, field: str) -> str:
        found = self._at(field)
        if not isinstance(found, str) or not found:
            raise PolicyError(self.file, field, "must be text")
        return found

    def flag(self, field: str) -> bool:
        found = self._at(field)
        if not isinstance(found, bool):
            raise PolicyError(self.file, field, "must be true or false")
        return found

    def strings(self, field: str) -> tuple[str, ...]:
        found = self._at(field)
        if not isinstance(found, list) or not all(isinstance(item, str) and item for item in found):
            raise PolicyError(self.file, field, "must be a list of texts")
        if len(set(found)) != len(found):
            raise PolicyError(self.file, field, "says something twice")
        return tuple(found)

    def _at(self, field: str) -> object:
        found: object = self.content
        for part in field.split("."):
            if not isinstance(found, dict) or part not in found:
                raise PolicyError(self.file, field, "is missing")
            found = found[part]
        return found
