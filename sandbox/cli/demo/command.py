"""The command `sandbox demo`."""

from __future__ import annotations

import signal
from enum import StrEnum
from typing import Annotated

import typer


class Language(StrEnum):
    """A language the story is told in."""

    EN = "en"
    ZH = "zh"


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Keep the instance and say how to go on with it.")] = False,
    lang: Annotated[Language, typer.Option(help="Language of the story.")] = Language.EN,
) -> None:
    """Tell the whole story on real public data, in about a minute."""
    from rich.console import Console

    from sandbox.cli.demo.running import Instance
    from sandbox.cli.demo.stage import Stage
    from sandbox.cli.demo.story import STORY
    from sandbox.cli.demo.words import Words

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)  # a polite kill cleans up like Ctrl-C
    console, words = Console(highlight=False), Words(lang)
    with Instance(keep=keep) as instance:
        stage = Stage(console, words, instance)
        for act in STORY:
            act(stage)


def add_to(app: typer.Typer) -> None:
    """Add the demonstration."""
    app.command()(demo)
