"""Keys in a PKCS#11 token (a hardware module, or SoftHSM): master keys and log keys are made in it, cannot be read and
never leave it; what has to be in memory lies in files that only the token can open."""

from __future__ import annotations

import os
import threading
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sandbox.core.keys import NAMES, SECRETS, Mac, SigningKey, derive, write_private
from sandbox.core.sealing import SealBroken, Sealer
from sandbox.errors import Problem

WRAPPING = "wrapping"
ED25519 = "1.3.101.112"

_LOCK = threading.RLock()
_SESSIONS: dict[tuple[int, str, str], Any] = {}
"""A process logs in to a token once."""


class TokenKeys:
    """Keys in the token `label` of the PKCS#11 library `module`; `folder` has `pkcs11.pin` and the wrapped secrets.

    One session for each process and token, used by one thread at a time."""

    def __init__(self, folder: Path, module: str, label: str) -> None:
        self.folder, self._module, self._label = folder, module, label
        self._lock = _LOCK

    def create(self, names: tuple[str, ...] = NAMES) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock:
            for name in (WRAPPING, *names):
                if name in SECRETS:
                    if not (path := self._path(name)).exists():
                        write_private(path, self._sealer().seal(os.urandom(32), name))
                elif self._find(name, "private_key" if name.startswith("log") else "secret_key") is None:
                    self._generate(name)

    def secret(self, name: str) -> bytes:
        try:
            return self._sealer().open(self._path(name).read_bytes(), name)
        except OSError as error:
            raise Problem("not_ready", f"the key {name} cannot be read; set SANDBOX_KEYS to its folder") from error
        except SealBroken as error:
            raise Problem(
                "not_ready", f"the token {self._label} does not open the key {name}; name the right one"
            ) from error

    def mac(self, name: str) -> Mac:
        key = self._key(name, "secret_key")

        def hmac(message: bytes) -> bytes:
            import pkcs11

            with self._lock:
                return bytes(key.sign(message, mechanism=pkcs11.Mechanism.SHA256_HMAC))

        return hmac

    def signing_key(self, name: str) -> SigningKey:
        public = self._key(name, "public_key")
        return TokenSigningKey(self._lock, self._key(name, "private_key"), _point(public))

    def check(self, names: tuple[str, ...]) -> str:
        for name in names:
            if name in SECRETS:
                self.secret(name)
            else:
                self._key(name, "private_key" if name.startswith("log") else "secret_key")
        kept = sum(name not in SECRETS for name in names)
        return f"{kept} keys in the token {self._label}, {len(names) - kept} in files that only it opens"

    def _sealer(self) -> Sealer:
        return Sealer(derive(self.mac(WRAPPING)(b"sandbox/v1/wrapping"), "wrapping"))

    def _key(self, name: str, kind: str) -> Any:
        if (found := self._find(name, kind)) is None:
            said = f"the token {self._label} has no key {name}; name the right token, or restore it from its backup"
            raise Problem("not_ready", said)
        return found

    def _find(self, name: str, kind: str) -> Any:
        import pkcs11

        wanted = {"private_key": pkcs11.ObjectClass.PRIVATE_KEY, "public_key": pkcs11.ObjectClass.PUBLIC_KEY}
        what = wanted.get(kind, pkcs11.ObjectClass.SECRET_KEY)
        with self._lock:
            found = self._session().get_objects({pkcs11.Attribute.LABEL: name, pkcs11.Attribute.CLASS: what})
            return next(iter(list(found)), None)

    def _generate(self, name: str) -> None:
        import pkcs11
        from pkcs11.util.ec import encode_named_curve_parameters

        kept = {pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False}
        if not name.startswith("log"):
            self._session().generate_key(
                pkcs11.KeyType.GENERIC_SECRET,
                256,
                label=name,
                store=True,
                capabilities=pkcs11.MechanismFlag.SIGN,
                mechanism=pkcs11.Mechanism.GENERIC_SECRET_KEY_GEN,
                template=kept,
            )
            return
        curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters(ED25519)}
        parameters = self._session().create_domain_parameters(pkcs11.KeyType.EC_EDWARDS, curve, local=True)
        parameters.generate_keypair(
            mechanism=pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN, store=True, label=name, private_template=kept
        )

    def _session(self) -> Any:
        """The session of this process, opened when it is first needed; raises `Problem(not_ready)`."""
        known = os.getpid(), self._module, self._label
        if known not in _SESSIONS:
            try:
                import pkcs11

                pin = (self.folder / "pkcs11.pin").read_text("utf-8").strip()
                token = pkcs11.lib(self._module).get_token(token_label=self._label)
                _SESSIONS[known] = token.open(rw=True, user_pin=pin)
            except ImportError as error:
                said = "keys in a token need python-pkcs11: install data-product-sandbox[hsm]"
                raise Problem("not_ready", said) from error
            except OSError as error:
                raise Problem("not_ready", f"write the token's PIN into {self.folder / 'pkcs11.pin'}") from error
            except Exception as error:  # the library's own, one for every return value
                said = f"the token {self._label} does not open ({type(error).__name__}): see SANDBOX_PKCS11_MODULE, "
                raise Problem("not_ready", said + "SANDBOX_PKCS11_TOKEN and the PIN") from error
        return _SESSIONS[known]

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.wrapped"


class TokenSigningKey:
    """An Ed25519 key that signs inside its token."""

    def __init__(self, lock: AbstractContextManager[object], key: Any, public: bytes) -> None:
        self._lock, self._key, self._public = lock, key, public

    def sign(self, data: bytes, /) -> bytes:
        import pkcs11

        with self._lock:
            return bytes(self._key.sign(data, mechanism=pkcs11.Mechanism.EDDSA))

    def public_key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self._public)


def _point(public: Any) -> bytes:
    """The raw key: tokens give it as it is, or within a DER octet string (2 bytes in front)."""
    import pkcs11

    return bytes(public[pkcs11.Attribute.EC_POINT])[-32:]
