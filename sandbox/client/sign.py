"""Signing for deliveries: a recipient's own key, which the service never sees, shows that a copy arrived."""

from __future__ import annotations

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sandbox.client.transport import Transport


class Signing(Transport):
    """The endpoints about signing keys and deliveries."""

    def register_signing_key(self, public: str) -> dict[str, Any]:
        """Register an Ed25519 public key (base64 of its 32 bytes) that signs for deliveries; it is logged."""
        return self.json("POST", "/signing-keys", body={"public": public})

    def signing_keys(self) -> list[dict[str, Any]]:
        """List one's own signing keys."""
        return list(self.items("/signing-keys"))

    def revoke_signing_key(self, key: str) -> dict[str, Any]:
        """Revoke a signing key; what it signed stays signed."""
        return self.json("DELETE", f"/signing-keys/{key}")

    def deliveries(self, job: str) -> list[dict[str, Any]]:
        """List the downloads of a job's answer, each with the `leaf_hash` to sign for it."""
        return list(self.items(f"/jobs/{job}/deliveries"))

    def sign_for(self, job: str, key: Ed25519PrivateKey, sha256: str | None = None) -> dict[str, Any]:
        """Sign for the newest unsigned delivery of a job, or the one of the file with this SHA-256."""
        found = [one for one in self.deliveries(job) if not one["acknowledged"] and sha256 in (None, one["sha256"])]
        delivery = found[-1] if found else {"id": "none", "leaf_hash": ""}
        signature = key.sign(f"sandbox delivery v1\n{delivery['leaf_hash']}\n".encode())
        body = {"delivery": delivery["id"], "signature": base64.b64encode(signature).decode()}
        return self.json("POST", f"/jobs/{job}/acknowledgement", body=body)
