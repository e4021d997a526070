"""A whole instance whose keys are in a KMS: made, asked, rotated, traced; and what is said when the KMS says no."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from estate import Estate
from keyrings import Service, again, ask, epoch_of, made, still

from sandbox.bootstrap import init_instance, keyring
from sandbox.core.keys import NAMES
from sandbox.errors import Problem
from sandbox.jobs.records import Base
from sandbox.service.custody import compromised, listed, rotated
from sandbox.service.doctor import examine
from sandbox.settings import load
from sandbox.transparency.receipt import verify_receipt

CELLS = "SELECT age, COUNT(*) AS n FROM people GROUP BY age"
ROWS = [{"person": n, "town": "东", "age": n % 90, "wage": n} for n in range(9000)]


@pytest.fixture
def kms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    _, [found] = made("kms", tmp_path, monkeypatch)
    yield found
    found.stop()


def master(folder: Path) -> str:
    """The id of the first master key: an ARN ends in it, and moto's administration knows ids only."""
    return (folder / "master-1.kms").read_text().rpartition("/")[2]


def traced(box: Estate, leak: bytes) -> dict[str, object]:
    """The outcome of a trace by a regulator, or the problem it met."""
    if "regulator" not in box.web.ids:
        box.web.join("regulator")
    data = {"file": (io.BytesIO(leak), "leak.csv", "text/csv")}
    begun = box.ok("POST", "/traces", key="regulator", data=data)
    box.finish()
    return dict(box.web.call("GET", f"/traces/{begun['id']}", key="regulator").json)


def leaked(box: Estate) -> bytes:
    """A copy with 90 cells."""
    job = box.ask(CELLS, epsilon="2")
    box.finish()
    return bytes(box.web.call("GET", f"/jobs/{job}/result?format=csv", key="firm").data)


def test_keys_in_a_kms(tmp_path: Path, kms: Service) -> None:
    with ExitStack() as stack:
        box = Estate(tmp_path / "home", stack)
        box.publish(rows=ROWS)
        first, leak = ask(box, 1), leaked(box)
        receipt = box.web.call("GET", f"/jobs/{first}/receipt", key="firm").text
        assert verify_receipt(receipt, box.house.log_public_key)
        folder = tmp_path / "home.keys"
        names = ["log.wrapped", "master-1.kms", "release.wrapped", "spool.wrapped", "vault.wrapped"]
        assert sorted(file.name for file in folder.iterdir()) == names
        held = kms.admin.describe_key(KeyId=master(folder))["KeyMetadata"]
        assert (held["KeySpec"], held["KeyUsage"], held["Origin"]) == ("HMAC_256", "GENERATE_VERIFY_MAC", "AWS_KMS")
        assert "1 keys in the KMS, 4 in files" in listed(box.settings)["custody"]
        still(box)
        assert rotated(box.settings, "master") == 2 and rotated(box.settings, "log") == 2
        box = again(box, stack)
        assert epoch_of(box, ask(box, 2)) == "2" and epoch_of(box, ask(box, 1)) == "1"
        pub = (box.settings.home / "log.pub").read_text()
        assert verify_receipt(receipt, pub), "old receipts hold under the new file"
        found = traced(box, leak)
        assert found["verdict"] == "traced", "an old copy is traced with the key of its epoch"
        # a key in other hands: its epoch gives no new findings, so it may be switched off
        still(box)
        assert compromised(box.settings, "master", 1) == 2
        kms.admin.disable_key(KeyId=master(folder))
        assert "2 keys in the KMS" not in listed(box.settings)["custody"]
        assert {check["name"]: check["ok"] for check in examine(box.settings)["checks"]}["keys"]
        box = again(box, stack)
        assert epoch_of(box, ask(box, 3)) == "2", "the service starts without it"


def test_a_job_waits_for_a_kms_that_is_away(tmp_path: Path, kms: Service) -> None:
    with ExitStack() as stack:
        box = Estate(tmp_path / "home", stack)
        box.publish(rows=ROWS)
        job = box.ask(CELLS)
        kms.stop()
        with pytest.raises(Problem, match="EndpointConnectionError"):
            box.finish()
        kms.start()
        box.expire()
        box.finish()
        assert box.ok("GET", f"/jobs/{job}", key="firm")["status"] == "done"
        with box.house.store.read() as tx:
            assert len(tx.find(Base)) == 1, "noise was drawn once"


def test_a_kms_that_says_no_is_told(tmp_path: Path, kms: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    home, folder = tmp_path / "home", tmp_path / "home.keys"
    init_instance(home)
    keys = keyring(load(home=home))
    assert "opens" in keys.check(NAMES)

    def refused(words: str, names: tuple[str, ...] = NAMES, **settings: str) -> None:
        with pytest.raises(Problem, match=words) as told:
            keyring(load(home=home, **settings)).check(names)
        assert told.value.code == "not_ready"

    other = kms.admin.create_key()["KeyMetadata"]["KeyId"]
    refused("AccessDeniedException", kms_key=other)
    refused("NotFoundException", kms_key="alias/nothing")
    refused("EndpointConnectionError.*SANDBOX_KMS_ENDPOINT", kms_endpoint="http://127.0.0.1:9")
    held = master(folder)
    kms.admin.schedule_key_deletion(KeyId=held, PendingWindowInDays=7)
    refused("HMAC_256, PendingDeletion", ("master-1",))
    kms.admin.cancel_key_deletion(KeyId=held)
    refused("HMAC_256, Disabled", ("master-1",))
    kms.admin.enable_key(KeyId=held)
    (folder / "master-1.kms").write_text(kms.key)
    refused("SYMMETRIC_DEFAULT, Enabled", ("master-1",))
    (folder / "vault.wrapped").write_bytes(b"not of this service")
    refused("InvalidCiphertextException.*restore it", ("vault",))
    monkeypatch.delenv("SANDBOX_KMS_REGION")
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    refused("NoRegionError.*SANDBOX_KMS_REGION", ("vault",))
    monkeypatch.setenv("SANDBOX_KMS_REGION", "cn-north-2")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    refused("NoCredentialsError.*credentials", ("vault",))


def test_an_init_that_the_kms_refuses_leaves_nothing(tmp_path: Path, kms: Service) -> None:
    before = len(kms.admin.list_keys()["Keys"])
    with pytest.raises(Problem, match="NotFoundException"):
        kept = load(home=tmp_path / "home", kms_key="alias/nothing")
        keyring(kept).create(("master-1", "vault"))
    assert not list((tmp_path / "home.keys").iterdir())
    assert len(kms.admin.list_keys()["Keys"]) == before, "no key is made in the service before it wraps"


@pytest.mark.parametrize("url", ["http://kms.example.org", "kms.example.org", "ftp://127.0.0.1"])
def test_secrets_travel_encrypted(tmp_path: Path, url: str) -> None:
    with pytest.raises(Problem, match=r"kms_endpoint .*https"):
        load(home=tmp_path / "home", kms_endpoint=url)


def test_a_kms_without_a_wrapping_key_is_not_half_set(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="need SANDBOX_KMS_KEY"):
        keyring(load(home=tmp_path / "home", key_store="kms"))
