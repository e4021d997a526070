"""Read rule files that ship in this package; what is wrong in one is said with the file, the line and the field."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

M = TypeVar("M", bound=BaseModel)


class PolicyError(Exception):
    """A rule file is wrong. Names the file, the line and the field, so that whoever edits rules can find the place."""

    def __init__(self, file: str, field: str, wrong: str, line: int | None = None) -> None:
        self.file, self.field, self.line = file, field, line
        super().__init__(f"{file}{f', line {line}' if line else ''}: {field or 'the file'}: {wrong}")


class Rule(BaseModel):
    """What the schemas of rule files share: no unknown field, nothing guessed about types, no change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def text(file: str) -> str:
    """Give the text of a rule file of this package."""
    return files("policies").joinpath(file).read_text(encoding="utf-8")


class Document:
    """A YAML rule file, read as a whole by its schema or field by field. A field is a path such as
    `grades.core.allowed`.

    `source` overrides the packaged text (for rules kept elsewhere). Raises `PolicyError`.
    """

    def __init__(self, file: str, source: str | None = None) -> None:
        self.file = file
        source = text(file) if source is None else source
        self._lines: dict[str, int] = {}
        try:
            self.content = yaml.safe_load(source)
            self._locate(yaml.compose(source, yaml.SafeLoader), "")
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else None
            raise PolicyError(file, "", f"is not YAML: {error.problem}", line) from error
        except yaml.YAMLError as error:
            raise PolicyError(file, "", f"is not YAML: {error}") from error

    def read(self, schema: type[M]) -> M:
        """Give the whole file as `schema` describes it; the first field that does not fit is named."""
        try:
            return schema.model_validate(self.content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            field = ".".join(str(part) for part in first["loc"] if part != "[key]")
            raise self.wrong(field, _plainly(first["type"], first["msg"])) from None

    def wrong(self, field: str, say: str) -> PolicyError:
        """Give the error that says of `field` what is wrong with it, with its line or that of what should hold it."""
        at = field
        while at and at not in self._lines:
            at = at.rpartition(".")[0]
        return PolicyError(self.file, field, say, self._lines.get(at))

    def mapping(self, field: str) -> dict[str, Any]:
        """Give the mapping at `field`; its keys are text."""
        found = self._at(field)
        if not isinstance(found, dict) or not found or not all(isinstance(key, str) for key in found):
            raise self.wrong(field, "must be a mapping with text keys and at least one of them")
        return found

    def string(self, field: str) -> str:
        found = self._at(field)
        if not isinstance(found, str) or not found:
            raise self.wrong(field, "must be text")
        return found

    def flag(self, field: str) -> bool:
        found = self._at(field)
        if not isinstance(found, bool):
            raise self.wrong(field, "must be true or false")
        return found

    def strings(self, field: str) -> tuple[str, ...]:
        found = self._at(field)
        if not isinstance(found, list) or not all(isinstance(item, str) and item for item in found):
            raise self.wrong(field, "must be a list of texts")
        if len(set(found)) != len(found):
            raise self.wrong(field, "says something twice")
        return tuple(found)

    def _at(self, field: str) -> object:
        found: object = self.content
        for part in field.split("."):
            if not isinstance(found, dict) or part not in found:
                raise self.wrong(field, "is missing")
            found = found[part]
        return found

    def _locate(self, node: yaml.Node | None, path: str) -> None:
        """Note on which line every field stands; a field that stands there twice would silently win over the first."""
        prefix = f"{path}." if path else ""
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                field = f"{prefix}{key.value}"
                if field in self._lines:
                    raise PolicyError(self.file, field, "stands there twice", key.start_mark.line + 1)
                self._lines[field] = key.start_mark.line + 1
                self._locate(value, field)
        elif isinstance(node, yaml.SequenceNode):
            for place, item in enumerate(node.value):
                self._lines[f"{prefix}{place}"] = item.start_mark.line + 1
                self._locate(item, f"{prefix}{place}")


def _plainly(kind: str, message: str) -> str:
    """What pydantic found, in the words of this house."""
    match kind:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "is not a field of this file; remove it"
        case "bool_type":
            return "must be true or false"
        case "string_type" | "string_too_short":
            return "must be text"
        case "tuple_type" | "list_type":
            return "must be a list"
        case _:
            said = message.removeprefix("Value error, ")
            return said.replace("Input should be", "must be")
