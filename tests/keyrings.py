"""The places where keys may be kept, each made for a test: files, a SoftHSM token, and moto's KMS over HTTP; and what
tests of key epochs do with an instance."""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import boto3
import pytest
from estate import Estate
from moto.server import ThreadedMotoServer

from sandbox.bootstrap import keyring, scribe_house, vault_house
from sandbox.core.hsm import _SESSIONS
from sandbox.core.keys import Keyring
from sandbox.service.scribe import let_go
from sandbox.settings import load
from sandbox.transparency.records import Lease, LogEntry

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
REGION = "cn-north-1"
STORES = ("files", "pkcs11", "kms")
SQL = "SELECT town, COUNT(*) AS n FROM people WHERE age > {} GROUP BY town"


def token(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """A SoftHSM token called box; what this process had open before is let go."""
    if not Path(MODULE).exists() or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM is missing: apt-get install softhsm2")
    library = pytest.importorskip("pkcs11").lib(MODULE)
    (folder / "tokens").mkdir()
    (folder / "softhsm.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm.conf"))
    made = ["softhsm2-util", "--init-token", "--free", "--label", "box", "--pin", "1234", "--so-pin", "5678"]
    subprocess.run(made, check=True, capture_output=True)
    _SESSIONS.clear()
    library.reinitialize()


class Service:
    """A KMS on this machine with one key that wraps, and an administrator's hand on it."""

    def __init__(self) -> None:
        self._port = 0
        self.start()
        self.endpoint = f"http://127.0.0.1:{self._port}"
        self.admin = boto3.client("kms", endpoint_url=self.endpoint, region_name=REGION)
        self.key = str(self.admin.create_key()["KeyMetadata"]["KeyId"])

    def start(self) -> None:
        """Answer; again where it answered before."""
        self._server = ThreadedMotoServer("127.0.0.1", self._port, verbose=False)
        self._server.start()
        _, self._port = self._server.get_host_and_port()

    def stop(self) -> None:
        self._server.stop()


def service(patch: pytest.MonkeyPatch) -> Service:
    """A KMS, and the credentials that it asks for; nothing here looks for others over the net."""
    for name, value in {"ACCESS_KEY_ID": "id", "SECRET_ACCESS_KEY": "secret", "EC2_METADATA_DISABLED": "true"}.items():
        patch.setenv(f"AWS_{name}", value)
    return Service()


def made(where: str, folder: Path, patch: pytest.MonkeyPatch) -> tuple[Keyring, list[Service]]:
    """Settings in the environment for `where`, and its custody; with the services that have to be stopped."""
    settings, services = {"key_store": where}, []
    keys = folder / "home.keys"
    if where == "pkcs11":
        token(folder, patch)
        keys.mkdir(mode=0o700)
        (keys / "pkcs11.pin").write_text("1234\n")
        settings |= {"pkcs11_module": MODULE, "pkcs11_token": "box"}
    if where == "kms":
        services = [service(patch)]
        settings |= {"kms_key": services[0].key, "kms_endpoint": services[0].endpoint, "kms_region": REGION}
    for name, value in settings.items():
        patch.setenv(f"SANDBOX_{name.upper()}", value)
    return keyring(load(home=folder / "home")), services


def still(box: Estate) -> None:
    with box.house.store.write() as tx:
        for name in ("vault-alive", "scribe-alive", "scribe"):
            if lease := tx.get(Lease, name):
                tx.remove(lease)


def ask(box: Estate, age: int) -> str:
    job = box.ask(SQL.format(age), epsilon="0.3")
    box.finish()
    assert box.ok("GET", f"/jobs/{job}", key="firm")["status"] == "done"
    return job


def again(box: Estate, stack: ExitStack) -> Estate:
    """The same instance, started again."""
    from webhouse import Web

    from sandbox.bootstrap import web_house
    from sandbox.web.app import create_app

    box.scribe.close()
    made = object.__new__(Estate)
    made.settings, made.subscriptions = box.settings, box.subscriptions
    made.house = stack.enter_context(vault_house(box.settings))
    web = web_house(box.settings)
    made.web = Web(web, create_app(web).test_client(), box.web.authority, box.web.keys, box.web.ids)
    _, made.scribe = scribe_house(box.settings, let_go)
    made.beat()
    return made


def epoch_of(box: Estate, job: str) -> str:
    with box.house.store.read() as tx:
        [entry] = tx.find(LogEntry, job=job, kind="job.released")
    return str(json.loads(entry.leaf)["public"]["epoch"])
