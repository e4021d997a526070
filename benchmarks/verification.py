"""Claims about single subjects over HTTP, at a fixed rate that does not wait for answers (open loop): how long each
took from the moment it was due and from the moment it was written, on which rung it left, and what it cost each
process. A second run of the same load without a quantum tells the service's own time.

    python -m benchmarks.verification [claims a second] [seconds] [firms]
"""

from __future__ import annotations

import asyncio
import csv
import json
import os
import random
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

from stdnum.cn import uscc

from benchmarks.timing import say
from sandbox.cli.demo.running import Instance
from sandbox.products.verification.rungs import rung
from sandbox.settings import CONFIG, Settings

RATE, SECONDS, FIRMS = 200, 20, 100_000
WARM = 2.0
PARTS = ("web", "vault", "scribe")
LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
STEP = 7919
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Claim:
    """Seconds of an answered claim from when it was due, and how late the load generator wrote it."""

    took: float
    late: float

    @property
    def waited(self) -> float:
        """Seconds from when it was written."""
        return self.took - self.late


@dataclass(frozen=True)
class Measured:
    """The answered claims; how many were not; CPU seconds by process, with the load generator's own as `load`; seconds
    that the service itself took for each, in a run without a quantum."""

    claims: Sequence[Claim]
    lost: int
    spent: dict[str, float]
    own: Sequence[float]


def code(number: int) -> str:
    """A firm's credit code, invented, with right check digits."""
    body = ""
    for _ in range(8):
        number, digit = divmod(number, 31)
        body = LETTERS[digit] + body
    head = f"91110000{body}0"
    return head + uscc.calc_check_digit(head)


def entry() -> dict[str, Any]:
    """The registration of invented firms."""
    columns = [
        {"name": "code", "type": "string", "role": "identifier"},
        {"name": "status", "type": "string", "role": "trade_secret", "domain": ["active", "revoked"]},
        {"name": "turnover", "type": "decimal(14,2)", "role": "trade_secret", "bounds": [0, 10_000_000]},
    ]
    return {
        "name": "firms", "title": {"zh": "企业", "en": "Firms"}, "holder": "Bureau", "domain": "economy",
        "grade": "general", "personal_information": False, "update_frequency": "P1M",
        "legal_basis": {"type": "statutory_duty", "instrument": "Act", "purpose": "registration"},
        "unit": {"name": "firm", "column": "firms.code"},
        "tables": [{"name": "firms", "unit": "code", "max_rows_per_unit": 1, "columns": columns}],
        "privacy": {"epsilon": "8", "delta": "1e-6", "per_user": {"epsilon": "4", "delta": "1e-7"}},
    }  # fmt: skip


SPEC = {
    "subject": {"table": "firms", "column": "code", "kind": "cn_uscc"},
    "claims": [
        {"name": "in_business", "kind": "membership", "column": "status", "values": ["active"]},
        {"name": "turnover", "kind": "band", "column": "turnover", "cuts": [500_000], "bands": ["small", "large"]},
    ],
    "bases": ["consent", "statutory_duty"],
    "limits": {"user_per_day": 10_000_000, "product_per_day": 10_000_000, "subject_per_month": 10_000_000},
    "approval": "automatic",
}


def publish(instance: Instance, firms: int) -> tuple[str, str]:
    """Register firms and offer claims about them; give the subscription and its user's key."""
    table = instance.folder / "firms.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["code", "status", "turnover"])
        writer.writerows((code(STEP * n), "active" if n % 5 else "revoked", f"{n * 10}.00") for n in range(firms))
    authority = instance.client(instance.authority_key)
    resource = authority.register(entry(), {"firms": table})["id"]
    operator, user = (authority.create_party(role, [role]) for role in ("operator", "user"))
    terms = {"mode": "whole", "starts": "2026-01-01", "ends": "2035-12-31", "conditions": "none"}
    grant = authority.grant(
        operator=operator["id"], resources=[resource], purposes=["industry"], security_contact="s@example.org", **terms
    )["id"]
    operating, asking = instance.client(operator["api_key"]), instance.client(user["api_key"])
    product = operating.create_product(grant, "Claims", [resource], spec=SPEC, kind="verification")["id"]
    operating.attach(product, "impact_assessment", "PIA", "0" * 64)
    operating.change_product(product, "submit")
    authority.change_product(product, "approve")
    operating.price(product, "call", "0.50", trial=True)
    return asking.subscribe(product, "industry", accept=True)["id"], user["api_key"]


def requests(key: str, subscription: str, number: int, firms: int, chance: random.Random) -> list[bytes]:
    """Give the requests of as many claims, half of them about firms that nobody knows."""
    made = []
    for _ in range(number):
        subject = code(STEP * chance.randrange(2 * firms))
        asked = {"subscription": subscription, "subject": subject, "claim": "turnover", "basis": "statutory_duty"}
        body = json.dumps(asked)
        head = (
            "POST /api/v1/verifications HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {key}\r\nIdempotency-Key: {uuid.uuid4().hex}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        made.append((head + body).encode())
    return made


async def load(port: int, key: str, subscription: str, rate: float, seconds: float, firms: int) -> list[Claim | None]:
    """Send claims at random moments, on average `rate` a second; give how long each took, None without an answer."""
    moments, at, chance = [], 0.0, random.Random(7)
    while (at := at + chance.expovariate(rate)) < seconds:
        moments.append(at)
    made = requests(key, subscription, len(moments), firms, chance)
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    start = time.perf_counter() + 0.2

    async def one(due: float, request: bytes) -> Claim | None:
        await asyncio.sleep(max(0.0, start + due - time.perf_counter()))
        said, late = None, 0.0
        for fresh in (False, True, True):  # a connection that the server closed meanwhile is no answer
            try:
                kept = bool(idle) and not fresh
                reader, writer = idle.pop() if kept else await asyncio.open_connection("127.0.0.1", port)
                late = time.perf_counter() - start - due
                said = await exchange(reader, writer, request)
                idle.append((reader, writer))
                break
            except (OSError, ValueError, asyncio.IncompleteReadError):
                continue
        if said is None or not said.get("answer"):
            return None
        return Claim(time.perf_counter() - start - due, late)

    return await asyncio.gather(*(one(due, request) for due, request in zip(moments, made, strict=True)))


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes) -> dict[str, Any]:
    """Send a request and give the JSON that answers it."""
    writer.write(sent)
    answered = await reader.readuntil(b"\r\n\r\n")
    length = int(answered.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    said: dict[str, Any] = json.loads(await reader.readexactly(length))
    return said


def processes(home: Path) -> dict[str, list[int]]:
    """The process ids of an instance's parts, with their children."""
    found: dict[str, list[int]] = {part: [] for part in PARTS}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
            environment = (folder / "environ").read_bytes()
        except OSError:
            continue
        for part in PARTS:
            if f"sandbox.service.{part}".encode() in arguments and f"SANDBOX_HOME={home}".encode() in environment:
                found[part].append(int(folder.name))
    return found


def spent(pids: dict[str, list[int]]) -> dict[str, float]:
    """CPU seconds of each part so far."""
    found = {}
    for part, own in pids.items():
        fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in own]
        found[part] = sum(int(one[11]) + int(one[12]) for one in fields) / TICKS
    return found


@contextmanager
def without_quantum(instance: Instance) -> Iterator[None]:
    """Run an instance again so that its answers leave when they are ready."""
    instance.stop()
    config = instance.home / CONFIG
    config.write_text("quantum_ms = 0\n")
    try:
        instance.start()
        yield
    finally:
        config.unlink()


def measure(rate: float = RATE, seconds: float = SECONDS, firms: int = FIRMS, **settings: str) -> Measured:
    """Start an instance, warm it up, and load it; then once more without a quantum."""
    with Instance(settings=settings) as instance:
        subscription, key = publish(instance, firms)
        asyncio.run(load(instance.port, key, subscription, 10, WARM, firms))
        pids, mine = processes(instance.home), time.process_time()
        before = spent(pids)
        found = asyncio.run(load(instance.port, key, subscription, rate, seconds, firms))
        after, mine = spent(pids), time.process_time() - mine
        with without_quantum(instance):
            asyncio.run(load(instance.port, key, subscription, 10, WARM, firms))
            own = asyncio.run(load(instance.port, key, subscription, rate, seconds, firms))
    answered = [one for one in found if one is not None]
    cpu = {part: after[part] - before[part] for part in PARTS} | {"load": mine}
    return Measured(answered, len(found) - len(answered), cpu, [one.waited for one in own if one is not None])


def lines(found: Measured, rate: float, quantum: float) -> str:
    """Tables of the times beyond the quantum, of the service's own time and of rungs, and the CPU time of one claim."""
    each = " · ".join(f"{part} {spent / len(found.claims) * 1000:.2f} ms" for part, spent in found.spent.items())
    rows = [
        ("beyond the quantum, from when it was due", [one.took - quantum for one in found.claims]),
        ("beyond the quantum, from when it was written", [one.waited - quantum for one in found.claims]),
        ("written late by the load generator", [one.late for one in found.claims]),
        ("the service's own time, without a quantum", found.own),
    ]
    return (
        f"{rate:g} claims a second: {len(found.claims):,} answered, {found.lost} not.\n\n"
        "| | median | p95 | p99 | p99.9 |\n| --- | --- | --- | --- | --- |\n"
        + "".join(f"| {name} | {' | '.join(cuts(values))} |\n" for name, values in rows)
        + f"\nLeft on the rung: {' · '.join(rungs(found.claims, quantum))}.\n\nCPU time of one claim: {each}."
    )


def cuts(seconds: Sequence[float]) -> list[str]:
    """Median, 95th, 99th and 99.9th percentile in ms."""
    found = quantiles(seconds, n=1000)
    return [f"{found[place] * 1000:.1f} ms" for place in (499, 949, 989, 998)]


def rungs(claims: Iterable[Claim], quantum: float) -> list[str]:
    """How many left on which rung: the last one that lies before they were read."""
    size, on = timedelta(seconds=quantum), Counter[float]()
    for one in claims:
        held = place = rung(size, size)
        while place <= timedelta(seconds=one.waited):
            held, place = place, rung(place + timedelta(milliseconds=1), size)
        on[held / size] += 1
    return [f"{at:g} × {number:,}" for at, number in sorted(on.items())]


def main() -> None:
    """Measure and print."""
    given = [float(text) for text in sys.argv[1:]]
    rate, seconds, firms = (given + [RATE, SECONDS, FIRMS][len(given) :])[:3]
    say(f"{rate:g} claims a second for {seconds:g} s over {int(firms):,} firms …")
    quantum = Settings.model_fields["quantum_ms"].default / 1000
    sys.stdout.write(lines(measure(rate, seconds, int(firms)), rate, quantum) + "\n")


if __name__ == "__main__":
    main()
