"""Claims about single subjects over HTTP, at a fixed rate that does not wait for answers (open loop): how long each
took from the moment it was due, and what it cost each process.

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
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

from stdnum.cn import uscc

from benchmarks.timing import say
from sandbox.cli.demo.running import Instance
from sandbox.settings import Settings

RATE, SECONDS, FIRMS = 200, 20, 100_000
WARM = 2.0
PARTS = ("web", "vault", "scribe")
LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
STEP = 7919
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Measured:
    """Seconds of each answered claim, from when it was due; how many were not answered; CPU seconds by process."""

    took: Sequence[float]
    lost: int
    spent: dict[str, float]


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


async def load(port: int, key: str, subscription: str, rate: float, seconds: float, firms: int) -> list[float | None]:
    """Send claims at random moments, on average `rate` a second; give how long each took, None without an answer."""
    moments, at, chance = [], 0.0, random.Random(7)
    while (at := at + chance.expovariate(rate)) < seconds:
        moments.append(at)
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    start = time.perf_counter() + 0.2

    async def one(due: float) -> float | None:
        await asyncio.sleep(max(0.0, start + due - time.perf_counter()))
        subject = code(STEP * chance.randrange(2 * firms))  # half of them unknown
        body = json.dumps(
            {"subscription": subscription, "subject": subject, "claim": "turnover", "basis": "statutory_duty"}
        )
        head = (
            "POST /api/v1/verifications HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {key}\r\nIdempotency-Key: {uuid.uuid4().hex}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        said = None
        for fresh in (False, True, True):  # a connection that the server closed meanwhile is no answer
            try:
                kept = bool(idle) and not fresh
                reader, writer = idle.pop() if kept else await asyncio.open_connection("127.0.0.1", port)
                said = await exchange(reader, writer, (head + body).encode())
                idle.append((reader, writer))
                break
            except (OSError, ValueError, asyncio.IncompleteReadError):
                continue
        if said is None or not said.get("answer"):
            return None
        return time.perf_counter() - start - due

    return await asyncio.gather(*(one(due) for due in moments))


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


def measure(rate: float = RATE, seconds: float = SECONDS, firms: int = FIRMS, **settings: str) -> Measured:
    """Start an instance, warm it up, and load it."""
    with Instance(settings=settings) as instance:
        subscription, key = publish(instance, firms)
        asyncio.run(load(instance.port, key, subscription, 10, WARM, firms))
        pids = processes(instance.home)
        before = spent(pids)
        took = asyncio.run(load(instance.port, key, subscription, rate, seconds, firms))
        after = spent(pids)
    answered = sorted(one for one in took if one is not None)
    return Measured(answered, len(took) - len(answered), {part: after[part] - before[part] for part in PARTS})


def lines(found: Measured, rate: float, quantum: float) -> str:
    """A table of the times beyond the quantum, and the CPU time of one claim."""
    cuts = quantiles(found.took, n=1000)
    beyond = [f"{(cuts[place] - quantum) * 1000:.1f} ms" for place in (499, 949, 989, 998)]
    each = " · ".join(f"{part} {spent / len(found.took) * 1000:.2f} ms" for part, spent in found.spent.items())
    return (
        "| claims a second | answered | not | beyond the quantum: median | p95 | p99 | p99.9 |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
        f"| {rate:g} | {len(found.took):,} | {found.lost} | {' | '.join(beyond)} |\n\n"
        f"CPU time of one claim: {each}."
    )


def main() -> None:
    """Measure and print."""
    given = [float(text) for text in sys.argv[1:]]
    rate, seconds, firms = (given + [RATE, SECONDS, FIRMS][len(given) :])[:3]
    say(f"{rate:g} claims a second for {seconds:g} s over {int(firms):,} firms …")
    quantum = Settings.model_fields["quantum_ms"].default / 1000
    sys.stdout.write(lines(measure(rate, seconds, int(firms)), rate, quantum) + "\n")


if __name__ == "__main__":
    main()
