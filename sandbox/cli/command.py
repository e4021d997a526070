"""What the commands of the parties share: where the service is, whose key, and how an answer is printed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sandbox.errors import Problem

if TYPE_CHECKING:
    from sandbox.client import Client

Json = Annotated[bool, typer.Option("--json", help="Print the service's JSON.")]
Get = Annotated[str | None, typer.Option("--get", metavar="FIELD", help="Print only this field, for use in scripts.")]

WAITS = "Not done yet: {action} waits for a second person, who sends the same until {until}. `sandbox secondings`: {id}"


@contextmanager
def service(*, key: bool = True) -> Iterator[Client]:
    """Give a client from SANDBOX_URL and SANDBOX_API_KEY; raises `key_missing` when a key is needed and not there."""
    from sandbox.client import Client

    secret = os.environ.get("SANDBOX_API_KEY")
    if key and not secret:
        raise Problem("key_missing", "set SANDBOX_API_KEY to your key (and SANDBOX_URL when the service is not local)")
    with Client(os.environ.get("SANDBOX_URL", "http://127.0.0.1:8000"), secret) as client:
        yield client


def check_folder(file: Path | None) -> None:
    """Refuse a file to write whose folder is not there, before anything is asked and paid for."""
    if file is not None and not file.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {file.parent} to write {file.name} in")


def tell(answer: dict[str, Any], sentence: str, *, as_json: bool = False, get: str | None = None) -> None:
    """Print an answer: one field, its JSON, or a sentence with its values in place of `{names}`. What waits for a
    second person was not done: that is said instead, and a field of it is refused (`two_person_required`)."""
    if waits(answer) and get is not None:
        raise Problem("two_person_required", WAITS.format_map(answer))
    if waits(answer) and not as_json:
        typer.echo(WAITS.format_map(answer))
    elif get is not None:
        if get not in answer:
            raise Problem("field_invalid", f"the answer has no field {get}; it has {', '.join(sorted(answer))}")
        typer.echo(_plain(answer[get]))
    elif as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        typer.echo(sentence.format_map(_Blank(answer)))


def waits(answer: dict[str, Any]) -> bool:
    """Say whether an answer is that of a request that waits for a second person."""
    return answer.get("status") == "waiting" and str(answer.get("id")).startswith("seconding_")


def tell_items(items: list[dict[str, Any]], fields: list[str], *, as_json: bool, empty: str) -> None:
    """Print a list as JSON or as a table of `fields`; a field may go down with dots (`left.epsilon`)."""
    if as_json:
        typer.echo(json.dumps(items, ensure_ascii=False, indent=2))
    elif not items:
        typer.echo(empty)
    else:
        from sandbox.cli.show import console, table

        console().print(table(fields, [[_down(item, field) for field in fields] for item in items]))


def read_json(file: Path) -> dict[str, Any]:
    """Give the JSON object in a file; raises malformed_request."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Problem("malformed_request", f"{file} is not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise Problem("malformed_request", f"{file} does not hold what is wanted: write one JSON object")
    return content


class _Blank(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "–"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _down(item: Any, field: str) -> str:
    for name in field.split("."):
        item = item.get(name) if isinstance(item, dict) else None
    return "" if item is None else _plain(item)
