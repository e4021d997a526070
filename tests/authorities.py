"""A timestamping authority (RFC 3161) of our own, made with the openssl command."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

CONFIG = """
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[tsa]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
[ts]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Authority:
    """Answers timestamp queries; `roots` is what a verifier trusts."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("openssl is missing: it makes the timestamping authority of this test")
        folder.mkdir(parents=True)
        self.folder = folder
        (folder / "config").write_text(CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")
        new = ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-config", "config"]
        self._openssl(
            *new,
            "-x509",
            "-days",
            "3650",
            "-extensions",
            "ca",
            "-subj",
            "/CN=root",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
        )
        self._openssl(*new, "-subj", "/CN=tsa", "-keyout", "tsa.key", "-out", "tsa.csr")
        self._openssl(
            *(
                "x509",
                "-req",
                "-in",
                "tsa.csr",
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-CAcreateserial",
                "-days",
                "3650",
            ),
            *("-extfile", "config", "-extensions", "tsa", "-out", "tsa.pem"),
        )
        self.asked = 0

    @property
    def roots(self) -> bytes:
        return (self.folder / "ca.pem").read_bytes()

    def answer(self, query: bytes) -> bytes:
        self.asked += 1
        (self.folder / "query").write_bytes(query)
        self._openssl("ts", "-reply", "-config", "config", "-section", "ts", "-queryfile", "query", "-out", "answer")
        return (self.folder / "answer").read_bytes()

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer over HTTP, as a transport for httpx."""
        assert request.headers["content-type"] == "application/timestamp-query"
        return httpx.Response(200, content=self.answer(request.content))

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)
