"""The command `sandbox`: all commands in one place, and the one way a refusal is told."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from sandbox import __version__
from sandbox.cli import (
    alerts,
    ask,
    audit,
    authorise,
    catalogue,
    identity,
    incidents,
    indices,
    instance,
    keep,
    keys,
    log,
    models,
    money,
    offer,
    pay,
    persons,
    pricing,
    review,
    sign,
    standing,
    subscriptions,
    synthetic,
    verify,
    watch,
    workspace,
)
from sandbox.cli.demo import command as demo
from sandbox.errors import Problem

app = typer.Typer(
    help="Public data used without being seen (数据可用不可见).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Public data used without being seen (数据可用不可见)."""


for group in (
    instance,
    demo,
    catalogue,
    offer,
    standing,
    subscriptions,
    authorise,
    review,
    persons,
    ask,
    verify,
    sign,
    indices,
    models,
    synthetic,
    money,
    pay,
    pricing,
    workspace,
    watch,
    alerts,
    incidents,
    identity,
    log,
    keep,
    keys,
    audit,
):
    group.add_to(app)


def run() -> None:
    """Run the command line; a `Problem` becomes its sentence on standard error and exit code 1."""
    try:
        app()
    except Problem as problem:
        print(f"{problem.detail} [{problem.code}]", file=sys.stderr)
        sys.exit(1)
    except UnicodeDecodeError:
        print("a file that was named is no text in UTF-8; write it as such", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        if error.filename is None:
            raise
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
