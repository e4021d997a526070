"""The command `sandbox audit`: try to refute the promise of privacy."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from sandbox.errors import Problem

if TYPE_CHECKING:
    from rich.console import Console

    from sandbox.audit.asking import OverHttp
    from sandbox.audit.durations import Finding
    from sandbox.audit.verdict import Verdict
    from sandbox.client import Client

ROUNDS = 20


def audit(
    only: Annotated[str, typer.Option(help="Only the cases that have this in their name or in what they cover.")] = "",
    with_known_bad: Annotated[
        bool, typer.Option("--with-known-bad", help="Also try mechanisms that are wrong; each must be caught.")
    ] = False,
    service: Annotated[
        bool, typer.Option("--service", help="Over HTTP instead: start two test instances and compare them.")
    ] = False,
    url: Annotated[
        list[str] | None, typer.Option(help="Over HTTP: a running test instance; two of them if given twice.")
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(help="The authority's key of each --url.", envvar="SANDBOX_AUDIT_KEYS", show_envvar=True),
    ] = None,
    rounds: Annotated[int, typer.Option(help="Questions of each kind over HTTP.", min=10, max=10_000)] = ROUNDS,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Try to tell two data sets apart that differ in one unit; exits with 1 when that goes better than promised."""
    urls, keys = url or [], key or []
    if len(urls) > 2 or (urls and len(urls) != len(keys)):
        raise Problem("field_invalid", "write one --key for each --url, and at most two of them")
    from sandbox.audit.report import as_json as data
    from sandbox.audit.report import passed

    verdicts: list[Verdict] = []
    bad: list[Verdict] = []
    findings: list[Finding] = []
    if service or urls:
        findings = _over_http(list(zip(urls, keys, strict=False)), rounds, with_known_bad, not as_json)
    else:
        verdicts, bad = _here(only, with_known_bad, not as_json)
    if as_json:
        typer.echo(json.dumps(data(verdicts, bad, findings), ensure_ascii=False, indent=2))
    raise typer.Exit(0 if passed(verdicts, bad, findings) else 1)


def _here(only: str, with_known_bad: bool, aloud: bool) -> tuple[list[Verdict], list[Verdict]]:
    """On the engine, without a service."""
    from sandbox.audit.cases import CASES
    from sandbox.audit.known_bad import BAD, caught
    from sandbox.audit.report import HEADS, row
    from sandbox.audit.run import audit as judge_all
    from sandbox.audit.run import bench
    from sandbox.cli.show import table

    chosen = [one for one in CASES if only.lower() in f"{one.name} {one.covers}".lower()]
    if not chosen:
        raise Problem("field_invalid", f"no case has {only!r} in its name or in what it covers; leave --only out")
    with bench() as on, _counted("case", len(chosen), aloud) as tell:
        verdicts = judge_all(on, chosen, lambda _: tell())
        bad = [caught(on, one) for one in BAD] if with_known_bad else []
    if aloud:
        screen = _screen()
        screen.print(table(HEADS, [row(one) for one in verdicts], right=range(2, 6)))
        for one in verdicts:
            for why in one.why:
                screen.print(f"BROKEN {one.name}: {why}", markup=False, soft_wrap=True)
        _say_bad([(one.name, not one.passed, "; ".join(one.why)) for one in bad])
    return verdicts, bad


def _over_http(places: Sequence[tuple[str, str]], rounds: int, with_known_bad: bool, aloud: bool) -> list[Finding]:
    """Two data sets on services, asked alike."""
    from sandbox.audit.asking import both, questions
    from sandbox.audit.bad_services import BAD_SERVICES
    from sandbox.audit.compare import compare
    from sandbox.audit.durations import Finding
    from sandbox.cli.show import table

    asked = list(questions(rounds))
    with _worlds(places) as (present, absent), _counted("question", len(asked), aloud) as tell:
        pairs = both(present, absent, asked, lambda _: tell())
        after = present.after(), absent.after()
    findings = compare(pairs, after)
    wrong = {one.name for one in findings if not one.passed}
    if aloud:
        rows = [[one.name, one.found, "holds" if one.passed else "BROKEN"] for one in findings]
        _screen().print(table(("compared", "found", ""), rows))
    if with_known_bad:
        seen = {bad.name: [f for f in compare(bad.of(pairs), after) if not f.passed] for bad in BAD_SERVICES}
        caught = {name: [f.name for f in found if f.name not in wrong] for name, found in seen.items()}
        if aloud:
            _say_bad([(name, bool(found), ", ".join(found)) for name, found in caught.items()])
        findings += [Finding(f"known bad: {name}", ", ".join(found), bool(found)) for name, found in caught.items()]
    return findings


@contextmanager
def _worlds(places: Sequence[tuple[str, str]]) -> Iterator[tuple[OverHttp, OverHttp]]:
    """Publish the data with the unit and without it: on two services, or as two resources of one."""
    from sandbox.audit.service import published
    from sandbox.audit.worlds import clinic
    from sandbox.cli.demo.running import Instance
    from sandbox.client import Client

    world = clinic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="sandbox-audit-")))
        if not places:
            own = [stack.enter_context(Instance(init=("--test-instance",))) for _ in range(2)]
            places = [(one.url, one.authority_key) for one in own]
        sides = [places[0], places[-1]]

        def connect(url: str, key: str) -> Client:
            return stack.enter_context(Client(url, key))

        for url, key in sides:
            _check_test_instance(url, connect(url, key))
        first, second = (
            published(partial(connect, url), connect(url, key), world, tables, folder)
            for (url, key), tables in zip(sides, (world.tables, world.without()), strict=True)
        )
        yield first, second


def _check_test_instance(url: str, client: Client) -> None:
    """An audit leaves resources and parties behind, asks beyond any budget and wants fresh noise: not of a real one."""
    if not client.disclosure().get("test_instance"):
        raise Problem(
            "state_conflict",
            f"{url} is no test instance; make one with `sandbox init DIR --test-instance` and serve it",
        )


@contextmanager
def _counted(what: str, size: int, aloud: bool) -> Iterator[Counter]:
    """Show how far it is, where somebody looks on."""
    from rich.console import Console

    screen = Console(stderr=True)
    if not (aloud and screen.is_terminal):
        yield Counter(lambda _: None)
        return
    with screen.status(f"{what} 1 of {size}") as status:
        yield Counter(lambda done: status.update(f"{what} {min(done + 1, size)} of {size}"))


def _screen() -> Console:
    """As wide as the terminal, and wide enough for a table elsewhere."""
    from rich.console import Console

    from sandbox.audit.report import WIDTH

    screen = Console(highlight=False)
    return screen if screen.is_terminal else Console(highlight=False, width=WIDTH)


class Counter:
    """Counts what is done, and says so."""

    def __init__(self, say: Callable[[int], None]) -> None:
        self._say, self._done = say, 0

    def __call__(self) -> None:
        self._done += 1
        self._say(self._done)


def _say_bad(found: Sequence[tuple[str, bool, str]]) -> None:
    """Print which mutants were caught, and by what."""
    from sandbox.cli.show import table

    if found:
        rows = [[name, why, "caught" if was else "MISSED"] for name, was, why in found]
        _screen().print(table(("known bad", "by", ""), rows))


def add_to(app: typer.Typer) -> None:
    """Add the audit."""
    app.command()(audit)
