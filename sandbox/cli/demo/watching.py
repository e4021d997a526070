"""Third part: a copy leaks; who it was, how sure that is, and how anybody can check it."""

from __future__ import annotations

import shlex
import shutil
import sys

from sandbox.cli.demo.asking import LOW
from sandbox.cli.demo.leak import damage
from sandbox.cli.demo.stage import Stage

LEAKER = "aurora"


def damaged_copy(stage: Stage) -> None:
    """One company's copy turns up in public, damaged on purpose."""
    stage.act("leak_title")
    leak = damage(stage.clients[LEAKER].download(stage.answers[f"{LEAKER}/homes"].job, "csv"))
    stage.leak = stage.instance.folder / "leak.csv"
    stage.leak.write_bytes(leak.content)
    for line in leak.content.decode().splitlines()[:4]:
        stage.verbatim(line)
    stage.say("leak", rows=leak.rows, out_of=leak.out_of, cells=2 * leak.rows, cells_before=2 * leak.out_of)


def trace(stage: Stage) -> None:
    """The regulator traces it: the right party, alone, with the bound of the error."""
    stage.act("trace_title")
    assert stage.leak is not None, "the leak comes before its trace"
    with stage.working("tracing"):
        found = stage.clients["regulator"].trace(stage.leak)
    named = [finding for finding in found["findings"] if finding["verdict"] == "traced"]
    parties = [finding["party"] for finding in named]
    stage.expect(parties == [stage.ids[LEAKER]], f"the leaker alone is named, not {parties}")
    log10_p = float(named[0]["log10_p"])
    stage.expect(log10_p <= -6, f"an error bound of at most one in a million, not 10^{log10_p}")
    stage.ids["trace"] = found["id"]
    stage.say("traced", name=stage.words.of("names", LEAKER), chance=stage.words.chance(log10_p))
    stage.say("traced_meaning")


def proof(stage: Stage) -> None:
    """Evidence and log are checked offline with nothing but the log's public key."""
    stage.act("proof_title")
    bundle = stage.instance.folder / "evidence.zip"
    bundle.write_bytes(stage.clients["regulator"].evidence(stage.ids["trace"]))
    with stage.working("checking"):
        stage.instance.command("evidence", "verify", str(bundle), "--log-key", str(stage.instance.log_key))
        stage.verbatim("$ sandbox evidence verify evidence.zip --log-key log.pub   ✓")
        stage.instance.command("log", "verify")
        stage.verbatim("$ sandbox log verify   ✓")
    stage.say("proof")


def next_steps(stage: Stage) -> None:
    """What to try next."""
    stage.act("next_title")
    if stage.instance.keep:
        stage.say("next_kept", folder=stage.instance.folder)
        if shutil.which("sandbox") is None:  # `make demo` runs without the environment being active
            stage.verbatim(f". {shlex.quote(sys.prefix)}/bin/activate")
        home, port = shlex.quote(str(stage.instance.home)), stage.instance.port
        stage.verbatim(f"SANDBOX_HOME={home} sandbox serve --port {port}")
        stage.verbatim(f"export SANDBOX_URL={stage.instance.url} SANDBOX_API_KEY={stage.keys['institute']}")
        stage.verbatim(f'sandbox query {stage.ids["institute/inspections"]} "{LOW}" --epsilon 2')
        stage.verbatim("sandbox budget")
        stage.verbatim("sandbox statement")
    else:
        stage.say("next")
    stage.say("end")
