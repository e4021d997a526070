"""The commands by which a recipient signs for what it got, with a key that never leaves it."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.command import Get, Json, check_folder, service, tell
from sandbox.errors import Problem


def signing_key(
    file: Annotated[Path, typer.Argument(help="File to make: the private key, in PEM, yours alone.", dir_okay=False)],
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Make a key that signs for deliveries, and register its public half."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    check_folder(file)
    key = Ed25519PrivateKey.generate()
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Problem("state_conflict", f"{file} is there already; name a new file") from error
    with open(handle, "wb") as opened:
        opened.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    try:
        with service() as client:
            made = client.register_signing_key(base64.b64encode(key.public_key().public_bytes_raw()).decode())
    except BaseException:
        file.unlink()
        raise
    tell(made, "Registered the signing key {id}; keep its file to yourself", as_json=as_json, get=get)


def sign(
    job: Annotated[str, typer.Argument(help="Id of the job.")],
    key: Annotated[Path, typer.Option(help="Your signing key.", exists=True, dir_okay=False)],
    file: Annotated[
        Path | None, typer.Option(help="The file that arrived (default: the newest download).", exists=True)
    ] = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Sign for a delivery (签收): evidence can then show that your copy reached you, or that another never did."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(key.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise Problem("field_invalid", f"{key} is no signing key; `sandbox signing-key` makes one") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise Problem("field_invalid", f"{key} is no Ed25519 key; `sandbox signing-key` makes one")
    digest = None if file is None else hashlib.sha256(file.read_bytes()).hexdigest()
    with service() as client:
        said = client.sign_for(job, private, digest)
    tell(said, "Signed for delivery {delivery} of {job}", as_json=as_json, get=get)


def add_to(app: typer.Typer) -> None:
    """Add the recipient's commands."""
    app.command("signing-key")(signing_key)
    app.command()(sign)
