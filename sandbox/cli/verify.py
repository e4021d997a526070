"""The commands about single subjects: ask approved claims, list them, check their receipts."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from sandbox.cli.command import Get, Json, check_folder, read_json, service, tell, tell_items
from sandbox.errors import Problem


def _there(subject: Path) -> Path:
    if str(subject) != "-" and (subject.is_dir() or not subject.exists()):  # a pipe of the shell is neither
        raise typer.BadParameter(f"there is no file {subject}; name one with the subject's number, or - to type it")
    return subject


SubjectFile = Annotated[
    Path,
    typer.Argument(
        metavar="SUBJECT",
        callback=_there,
        help="A file with the subject's number, or - to read it: on the command line it would stay in its history.",
    ),
]


def verify(
    subscription: Annotated[str, typer.Argument(help="Id of the subscription.")],
    claim: Annotated[str, typer.Argument(help="Name of the claim, as the product lists it.")],
    subject: SubjectFile,
    value: Annotated[str | None, typer.Option(help="The value, where the claim takes one.")] = None,
    consent: Annotated[str | None, typer.Option(help="Id of the consent; without it one is looked for.")] = None,
    basis: Annotated[str | None, typer.Option(help="Another legal basis that the product accepts.")] = None,
    log_key: Annotated[Path | None, typer.Option(help="Check the receipt with this key.", exists=True)] = None,
    proof: Annotated[Path | None, typer.Option(help="Keep question, answer and receipt in this file.")] = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Ask an approved claim about one subject: true, false, a band, or not_available."""
    check_folder(proof)
    with service() as client:
        done = client.verify(subscription, _number(subject), claim, value, consent=consent, basis=basis)
    if log_key is not None:
        done.verify(log_key.read_text(encoding="utf-8"))
    if proof is not None:
        proof.write_text(json.dumps(asdict(done), ensure_ascii=False), encoding="utf-8")
    shown = {name: one for name, one in asdict(done).items() if name not in ("subject", "receipt")}
    tell(shown, "{claim}: {answer} (fee {fee} yuan)", as_json=as_json, get=get)


def verify_batch(
    subscription: Annotated[str, typer.Argument(help="Id of the subscription.")],
    claim: Annotated[str, typer.Argument(help="Name of the claim, as the product lists it.")],
    subjects: Annotated[Path, typer.Argument(help="A file with a subject's number on each line.", exists=True)],
    value: Annotated[str | None, typer.Option(help="The value, where the claim takes one.")] = None,
    basis: Annotated[str | None, typer.Option(help="Another legal basis that the product accepts.")] = None,
    epsilon: Annotated[str | None, typer.Option(help="Count all answers with noise, at this price in privacy.")] = None,
    as_json: Json = False,
) -> None:
    """Ask a claim about many subjects: an answer only where each may be answered about."""
    numbers = [line.strip() for line in subjects.read_text(encoding="utf-8").splitlines() if line.strip()]
    with service() as client:
        done = client.verify_batch(subscription, numbers, claim, value, basis=basis, epsilon=epsilon)
    if as_json:
        tell(done, "", as_json=True)
        return
    rows = [{"line": place, **row} for place, row in enumerate(done["rows"], 1)]
    tell_items(rows, ["line", "id", "status", "answer", "code"], as_json=False, empty="No subject.")
    if done["counts"]:
        tell(done["counts"], "The counts of all answers: sandbox answer {job}")


def verifications(as_json: Json = False) -> None:
    """List the claims that one asked, without subjects and answers."""
    with service() as client:
        found = client.verifications()
    tell_items(found, ["id", "created_at", "claim", "status", "fee"], as_json=as_json, empty="No claim was asked.")


def check_proof(
    proof: Annotated[Path, typer.Argument(help="A file that `sandbox verify --proof` kept.", exists=True)],
    log_key: Annotated[Path, typer.Option(help="The log's public key, from a source you trust.", exists=True)],
    as_json: Json = False,
) -> None:
    """Check offline what was asked about whom and answered."""
    from sandbox.client.verify import Verified

    try:
        kept = Verified(**read_json(proof))
    except TypeError:
        raise Problem("malformed_request", f"{proof} is no file that `sandbox verify --proof` kept") from None
    said: dict[str, Any] = kept.verify(log_key.read_text(encoding="utf-8")) | {"subject": kept.subject}
    tell(said, "The log holds it: {claim} about {subject} was answered {answer}.", as_json=as_json)


def _number(subject: Path) -> str:
    text = sys.stdin.read() if str(subject) == "-" else subject.read_text(encoding="utf-8")
    return text.strip()


def add_to(main: typer.Typer) -> None:
    """Add the commands about single subjects."""
    main.command()(verify)
    main.command()(verifications)
    main.command("verify-batch")(verify_batch)
    main.command("verify-proof")(check_proof)
