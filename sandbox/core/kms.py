"""Keys in a key management service that speaks the API of AWS KMS: master keys are made in it and never leave it; every
other secret lies in a file that only the service opens."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sandbox.core.keys import NAMES, Mac, SigningKey, write_private
from sandbox.errors import Problem

CONTEXT = "data-product-sandbox"
"""The encryption context is {CONTEXT: name of the key}: a file under another's name does not open, and the service's
own policy can let a process open one name only."""
USED = "HMAC_256"

_LOCK = threading.Lock()
_CLIENTS: dict[tuple[int, str | None, str | None], Any] = {}
"""A process has one client for each service; clients may be used by many threads."""


class KmsKeys:
    """Keys in the service at `endpoint` (None: AWS itself) in `region`. `key` is the id, ARN or alias of the symmetric
    key there that wraps secrets; `folder` has them wrapped, and the ids of the master keys.

    Credentials are found as AWS's own tools find them: environment, profile, or the machine's role."""

    def __init__(self, folder: Path, key: str, endpoint: str | None = None, region: str | None = None) -> None:
        self.folder, self._key, self._endpoint, self._region = folder, key, endpoint, region

    def create(self, names: tuple[str, ...] = NAMES) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        missing = [name for name in names if not self._path(name).exists()]
        # what costs nothing to fail comes first: a key made in the service stays there
        for name in sorted(missing, key=_in_service):
            write_private(self._path(name), self._made(name) if _in_service(name) else self._wrapped(name))

    def secret(self, name: str) -> bytes:
        found = self._read(name)
        opened = self._ask(
            name, lambda kms: kms.decrypt(KeyId=self._key, CiphertextBlob=found, EncryptionContext={CONTEXT: name})
        )
        return bytes(opened["Plaintext"])

    def mac(self, name: str) -> Mac:
        key = self._read(name).decode()

        def hmac(message: bytes) -> bytes:
            asked: dict[str, Any] = {"KeyId": key, "MacAlgorithm": "HMAC_SHA_256", "Message": message}
            return bytes(self._ask(name, lambda kms: kms.generate_mac(**asked))["Mac"])

        return hmac

    def signing_key(self, name: str) -> SigningKey:
        # Ed25519 is in AWS only, and nothing we can test against: it is wrapped like the others
        return Ed25519PrivateKey.from_private_bytes(self.secret(name))

    def check(self, names: tuple[str, ...]) -> str:
        kept = [name for name in names if _in_service(name)]
        for name in names:
            if name in kept:
                self._check_made(name)
            else:
                self.secret(name)
        return f"{len(kept)} keys in the KMS, {len(names) - len(kept)} in files that only its key {self._key} opens"

    def _wrapped(self, name: str) -> bytes:
        asked: dict[str, Any] = {"KeyId": self._key, "Plaintext": os.urandom(32), "EncryptionContext": {CONTEXT: name}}
        return bytes(self._ask(name, lambda kms: kms.encrypt(**asked))["CiphertextBlob"])

    def _made(self, name: str) -> bytes:
        said = f"data product sandbox: fingerprints, {name} of {self.folder.name}"
        asked = {"KeySpec": USED, "KeyUsage": "GENERATE_VERIFY_MAC", "Description": said}
        return str(self._ask(name, lambda kms: kms.create_key(**asked))["KeyMetadata"]["Arn"]).encode()

    def _check_made(self, name: str) -> None:
        key = self._read(name).decode()
        found = self._ask(name, lambda kms: kms.describe_key(KeyId=key))["KeyMetadata"]
        if found["KeySpec"] != USED or found["KeyState"] != "Enabled":
            state = f"{found['KeySpec']}, {found['KeyState']}"
            raise Problem("not_ready", f"the key {name} in the KMS is {state}; it has to be {USED}, Enabled ({key})")
        self.mac(name)(b"check")

    def _read(self, name: str) -> bytes:
        try:
            return self._path(name).read_bytes()
        except OSError as error:
            raise Problem("not_ready", f"the key {name} cannot be read; set SANDBOX_KEYS to its folder") from error

    def _ask(self, name: str, what: Callable[[Any], Any]) -> Any:
        """Ask the service; whatever it or the way to it says no by becomes `Problem(not_ready)`."""
        try:
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError as error:
            said = "keys in a KMS need boto3: install data-product-sandbox[kms]"
            raise Problem("not_ready", said) from error
        try:
            return what(self._client())
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise Problem("not_ready", f"the KMS refuses the key {name} ({code}): {_advice(code)}") from error
        except BotoCoreError as error:
            said = f"the KMS cannot be asked for the key {name} ({type(error).__name__}): see SANDBOX_KMS_ENDPOINT, "
            raise Problem("not_ready", said + "SANDBOX_KMS_REGION and AWS's credentials") from error

    def _client(self) -> Any:
        known = os.getpid(), self._endpoint, self._region
        with _LOCK:  # making one is not safe in many threads, using it is
            if known not in _CLIENTS:
                _CLIENTS[known] = _connected(self._endpoint, self._region)
            return _CLIENTS[known]

    def _path(self, name: str) -> Path:
        return self.folder / (f"{name}.kms" if _in_service(name) else f"{name}.wrapped")


def _in_service(name: str) -> bool:
    return name.startswith("master")


def _connected(endpoint: str | None, region: str | None) -> Any:
    import boto3
    from botocore.config import Config

    patience = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
    return boto3.Session().client("kms", endpoint_url=endpoint, region_name=region, config=patience)


def _advice(code: str) -> str:
    known = {
        "AccessDeniedException": "let this process's role use it, and SANDBOX_KMS_KEY name the key that wrapped it",
        "DisabledException": "enable it in the KMS",
        "InvalidCiphertextException": "its file is another's or damaged; restore it from its backup",
        "IncorrectKeyException": "SANDBOX_KMS_KEY does not name the key that wrapped it",
        "KMSInvalidStateException": "it is disabled or about to be deleted; cancel that in the KMS and enable it",
        "NotFoundException": "name the right key in SANDBOX_KMS_KEY and the right region, or restore it",
    }
    return known.get(code, "see what the KMS says of it")
