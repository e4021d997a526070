"""Databases that the host connected, from which holders may register tables: `sources.toml` in the folder of keys.

    [hospital]
    url = "postgresql://reader:secret@db.internal/his"
    parties = ["party_…"]                  # who may have tables read from it
    tables = ["public.visits", "his.*"]    # which; all when left out

Only the vault reads the file. Who registers names a source, never an address, so nobody reaches a machine that the host
did not name, and no password is in any request, log or answer."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.core.sentences import plainly
from sandbox.errors import Problem

FILE = "sources.toml"
Pattern = Annotated[str, Field(pattern=r"^[^.]+\.[^.]+$")]


class Source(BaseModel):
    """A connected database: its address with the reader's password, who may use it, and which tables."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    url: Annotated[str, Field(pattern=r"^postgres(ql)?://")]
    parties: Annotated[list[str], Field(min_length=1)]
    tables: list[Pattern] | None = None

    def offers(self, schema: str, name: str) -> bool:
        """Whether the table may be read at all."""
        return self.tables is None or f"{schema}.{name}" in self.tables or f"{schema}.*" in self.tables


def read_sources(folder: Path) -> dict[str, Source]:
    """Give the connected databases by name. Raises `Problem(not_ready)` when the file is wrong or others may read it;
    what it says never quotes the file."""
    file = folder / FILE
    if not file.exists():
        return {}
    if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Problem("not_ready", f"{FILE} holds passwords and others may read it: run chmod 600 on it")
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        return {name: Source.model_validate(one) for name, one in content.items()}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise Problem("not_ready", f"{FILE} is not valid TOML") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(map(str, first["loc"])) or "a source"
        raise Problem("not_ready", f"{FILE}: {field}: {plainly(first['msg'])}") from None


def source_of(folder: Path, name: str, party: str, table: str) -> tuple[Source, str, str]:
    """Give the source called `name` with schema and name of `table` in it. Raises `Problem`: not_found – also for one
    that is not for this party –, field_invalid, not_ready."""
    found = read_sources(folder).get(name)
    if found is None or party not in found.parties:
        raise Problem("not_found", f"there is no database called {name} for you; ask the host to connect it")
    schema, _, relation = table.rpartition(".")
    schema = schema or "public"
    if not relation or "." in schema or not found.offers(schema, relation):
        raise Problem("field_invalid", f"{table} is not offered from {name}; write schema.table as the host allowed it")
    return found, schema, relation
