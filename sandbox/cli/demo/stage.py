"""What the acts of the story share: the cast with their keys, and how a step is shown and held to its promise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from sandbox.cli.demo.running import Instance
from sandbox.cli.demo.words import Words
from sandbox.cli.show import answer_table
from sandbox.client import Answer, Client
from sandbox.errors import Problem


@dataclass
class Stage:
    """The running story. Parties, resources, products and subscriptions are remembered by their name in the story."""

    console: Console
    words: Words
    instance: Instance
    clients: dict[str, Client] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    leak: Path | None = None
    number: int = 0

    def join(self, name: str, key: str, identifier: str = "") -> Client:
        """Let a party come on stage with its own key."""
        self.clients[name], self.keys[name], self.ids[name] = self.instance.client(key), key, identifier
        return self.clients[name]

    def act(self, name: str) -> None:
        """Open the next act: its number and its title."""
        self.number += 1
        self.console.print(f"\n[bold]{self.number}. {self.words(name)}[/bold]")

    def say(self, name: str, /, **values: object) -> None:
        """Say one sentence."""
        for line in Text(self.words(name, **values)).wrap(self.console, self.console.width - 3):
            self.console.print("   " + line.plain.rstrip(), markup=False, soft_wrap=True)

    def verbatim(self, text: str) -> None:
        """Print a line as it is, to be read or copied."""
        self.console.print("     " + text, markup=False, soft_wrap=True)

    def show(self, answer: Answer, limit: int | None = None) -> None:
        """Show the rows of an answer with their intervals."""
        self.console.print(Padding(answer_table(answer, limit, self.words("interval")), (0, 0, 0, 3), expand=False))

    @contextmanager
    def working(self, name: str, /, **values: object) -> Iterator[None]:
        """Show that something is being done; a line where there is no terminal to turn a wheel in."""
        text = self.words(name, **values)
        if self.console.is_terminal:
            with self.console.status(text):
                yield
        else:
            self.console.print(f"   … {text}", markup=False)
            yield

    def expect(self, holds: bool, what: str) -> None:
        """Hold the story to its promise; raises `Problem` when it did not come out as told."""
        if not holds:
            raise Problem("execution_failed", f"the story did not come out as told: {what}")

    def refusal(self, name: str, code: str, attempt: Callable[[], object]) -> None:
        """Show an attempt that has to be refused with `code`, and the sentence of the refusal."""
        self.say(name)
        try:
            attempt()
        except Problem as problem:
            self.expect(problem.code == code, f"refused with {problem.code}, not {code}: {problem.detail}")
            self.verbatim(f"✗ {problem.detail} [{problem.code}]")
            translation = self.words.of("said", code)
            if translation != code:
                self.verbatim(f"  {translation}")
        else:
            self.expect(False, f"not refused, though {code} was expected")
