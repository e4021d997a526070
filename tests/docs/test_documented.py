"""Nothing exists that is not documented: error codes, settings, paths, commands; and what is documented exists."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from house import ROOT, files

from sandbox.client import Client
from sandbox.errors import STATUS
from sandbox.settings import Settings
from sandbox.web.advice import ADVICE

DOCS = ROOT / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_every_error_code_has_its_section_with_status_and_advice() -> None:
    sections = dict(re.findall(r"^## (\w+)\n\n(.*?)(?=^## |\Z)", page("errors.md"), re.MULTILINE | re.DOTALL))
    assert set(sections) == set(STATUS)
    for code, text in sections.items():
        assert text.startswith(f"**{STATUS[code]} · {ADVICE[code].title} · "), code
        assert ADVICE[code].todo in text, code


def test_every_setting_is_in_the_table_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `SANDBOX_(\w+)` \| (\S+) \|", page("operations.md"), re.MULTILINE))
    known = {name.upper(): field.default for name, field in Settings.model_fields.items()}
    assert {name: "–" if default is None else f"`{default}`" for name, default in known.items()} == rows


def test_every_command_is_documented() -> None:
    import typer

    from sandbox.cli.main import app

    documented = (ROOT / "README.md").read_text(encoding="utf-8") + page("operations.md") + page("command-line.md")

    def walk(command: object, path: str) -> list[str]:
        inner = getattr(command, "commands", None)
        return [path] if inner is None else [found for name in inner for found in walk(inner[name], f"{path} {name}")]

    paths = walk(typer.main.get_command(app), "sandbox")
    assert len(paths) > 20
    assert [path for path in paths if path not in documented] == []


def endpoints() -> set[str]:
    """Every endpoint of the service as `METHOD /path`."""
    import sandbox.web.api  # noqa: F401 – declares them
    from sandbox.web.endpoint import DECLARED

    found = {f"{one.method} {re.sub(r'<(?:path:)?[^>]+>', '{}', one.path)}" for one in DECLARED}
    assert len(found) > 40
    return found


def test_every_endpoint_is_documented_and_nothing_else() -> None:
    documented = re.findall(r"`((?:GET|POST|PUT|DELETE) /[^`]*)`", page("api.md"))
    assert {re.sub(r"{\w+}", "{}", path) for path in documented} == endpoints()


def test_the_client_reaches_every_endpoint() -> None:
    code = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "sandbox" / "client").glob("*.py"))
    paths = {re.sub(r"{\w+(?:\['\w+'\])?}", "{}", path) for path in re.findall(r'f?"(/[a-z][^"\s]*)"', code)}
    patterns = [re.compile(re.escape(path).replace(r"\{\}", "[^/]+")) for path in paths]
    said_by_lists = ("grants", "subscriptions", "emergency", "disputes")
    reads_one = {f"GET /{each}/{{}}" for each in said_by_lists}
    wanted = {endpoint.split()[1] for endpoint in endpoints() - reads_one}
    assert [path for path in sorted(wanted) if not any(pattern.fullmatch(path) for pattern in patterns)] == []


def test_links_lead_somewhere() -> None:
    broken = []
    for file in files():
        if file.suffix != ".md":
            continue
        for target in re.findall(r"\]\(([^)#\s]+)", file.read_text(encoding="utf-8")):
            if "://" not in target and not (file.parent / target).exists():
                broken.append(f"{file.relative_to(ROOT)} → {target}")
    assert broken == []


def test_the_client_documents_all_its_methods() -> None:
    methods = [name for name in dir(Client) if not name.startswith("_")]
    assert [name for name in methods if not (getattr(Client, name).__doc__ or "").strip()] == []


@pytest.mark.parametrize("language", ["English", "中文"])
def test_the_glossary_has_both_languages(language: str) -> None:
    rows = re.findall(r"^\| (?!English|---)(.+?) \| (.*?) \| (.+?) \|$", page("glossary.md"), re.MULTILINE)
    assert len(rows) > 30
    assert language in page("glossary.md")
