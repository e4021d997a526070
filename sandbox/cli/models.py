"""The commands around models: take a copy, read its card, predict, take its weights."""

from __future__ import annotations

import csv
import json
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer

from sandbox.cli.command import Get, Json, check_folder, service, tell
from sandbox.errors import Problem

AT_ONCE, SHOWN = 1_000, 20
MOST_DIGITS = 40
Subscription = Annotated[str, typer.Argument(help="Id of the subscription.")]
Copy = Annotated[str, typer.Argument(help="Id of the job that gave the copy.")]
app = typer.Typer(no_args_is_help=True, help="Copies of a model, their cards and weights.")


@app.command("copy")
def copy(subscription: Subscription, as_json: Json = False, get: Get = None) -> None:
    """Take one's copy of a model that its operator has trained."""
    with service() as client:
        answer = client.query(subscription)
        tell({"id": answer.job, "fee": str(answer.fee)}, "Copy {id} cost {fee} yuan", as_json=as_json, get=get)


@app.command("card")
def card(
    job: Copy,
    language: Annotated[str, typer.Option(help="en or zh.")] = "en",
    page: Annotated[Path | None, typer.Option(help="Write the card as a page.", dir_okay=False)] = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Read the card of a copy: what it is, what it cost, how good it is and what it goes by."""
    check_folder(page)
    with service() as client:
        if page is not None:
            page.write_bytes(client.card_page(job, language))
            return
        found = client.card(job)
    if as_json or get:
        tell(found, "", as_json=as_json, get=get)
        return
    if language not in found["words"]:
        raise typer.BadParameter(f"write one of {', '.join(found['words'])}", param_hint="--language")
    for sentence in found["words"][language]:
        typer.echo(sentence)


@app.command("weights")
def weights(
    job: Copy, file: Annotated[Path, typer.Argument(help="Where to write the ONNX file.", dir_okay=False)]
) -> None:
    """Take a copy's weights as an ONNX file, where the specification lets them leave."""
    check_folder(file)
    with service() as client:
        file.write_bytes(client.weights(job))
    typer.echo(f"The weights are in {file}.")


def predict(
    subscription: Subscription,
    file: Annotated[Path, typer.Argument(help="CSV with a column for each feature.", exists=True, dir_okay=False)],
    out: Annotated[Path | None, typer.Option(help="Write the records with their predictions there.")] = None,
    keep: Annotated[
        list[str] | None, typer.Option(help="A column that is not sent: it stays with you, and stands in --out.")
    ] = None,
    consent: Annotated[str | None, typer.Option(help="Id of the consent of the person they are about.")] = None,
    as_json: Json = False,
) -> None:
    """Predict the records of a file by one's own copy of a model; calls of 1,000 records each."""
    check_folder(out)
    with file.open(encoding="utf-8-sig", newline="") as source:
        records = list(csv.DictReader(source))
    if not records:
        raise Problem("field_invalid", f"{file} has no records; write a line with names of columns, and one for each")
    if wide := next((line for line, record in enumerate(records, 2) if None in record), None):
        raise Problem("field_invalid", f"line {wide} of {file} has more cells than there are names of columns")
    if lacking := [name for name in keep or [] if name not in records[0]]:
        raise typer.BadParameter(f"{file.name} has no column {lacking[0]}", param_hint="--keep")
    rows = [{name: _read(text) for name, text in record.items() if name not in (keep or [])} for record in records]
    found: list[dict[str, Any]] = []
    fee = Decimal(0)
    with service() as client:
        for start in range(0, len(rows), AT_ONCE):
            answer = client.predict(subscription, rows[start : start + AT_ONCE], consent=consent)
            found += answer["predictions"]
            fee += Decimal(answer["fee"])
    if out is not None:
        with out.open("w", encoding="utf-8", newline="") as target:
            writer = csv.DictWriter(target, [*records[0], *found[0]])
            writer.writeheader()
            writer.writerows({**record, **one} for record, one in zip(records, found, strict=True))
    if as_json:
        typer.echo(json.dumps({"predictions": found, "fee": str(fee)}, ensure_ascii=False, indent=2))
    else:
        typer.echo(f"{len(found)} records predicted for {fee} yuan" + (f", in {out}." if out else "."))
        for one in [] if out else found[:SHOWN]:
            typer.echo(", ".join(f"{name} {value}" for name, value in one.items()))
        if len(found) > SHOWN and not out:
            typer.echo(f"… and {len(found) - SHOWN} more; --out F.csv writes them all")


def _read(text: str | None) -> Any:
    """A number, true or false where the text is one; nothing for an empty cell."""
    if text is None or text == "":
        return None
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number.is_finite() or number.adjusted() > MOST_DIGITS:
        return text  # for the service to refuse, or a word such as Infinity
    return int(number) if number == number.to_integral_value() else float(number)


def add_to(root: typer.Typer) -> None:
    """Add `sandbox model …` and `sandbox predict`."""
    root.add_typer(app, name="model")
    root.command()(predict)
