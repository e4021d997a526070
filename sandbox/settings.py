"""Settings, in this order: what the caller passes, `SANDBOX_*` in the environment, `sandbox.toml` in the home folder,
the defaults here. Each is described where it is declared; the operations page lists them all (a test holds it)."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from sandbox.core.sentences import plainly
from sandbox.errors import Problem

CONFIG = "sandbox.toml"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SANDBOX_", extra="ignore", frozen=True)

    home: Path = Field(Path("sandbox-home"), description="folder of the instance")
    keys: Path | None = Field(None, description="folder of the key files; default: `<home>.keys`, beside the home")
    database_url: str | None = Field(None, description="control database; default: SQLite in the home folder")
    scratch: Path | None = Field(None, description="where the vault decrypts uploads; default: memory, else the home")
    key_store: Literal["files", "pkcs11", "kms"] = Field(
        "files", description="where keys are: files, pkcs11 for a token, kms for a key management service"
    )
    pkcs11_module: str | None = Field(None, description="library of the token, as /usr/lib/softhsm/libsofthsm2.so")
    pkcs11_token: str | None = Field(None, description="label of the token; its PIN lies in `pkcs11.pin` of the keys")
    kms_key: str | None = Field(None, description="key in the KMS that wraps the secrets: its id, ARN or alias")
    kms_endpoint: str | None = Field(None, description="where the KMS is, if not AWS itself; https, or this machine")
    kms_region: str | None = Field(None, description="region of the KMS; default: as AWS's tools find it")
    checkpoints: Path | None = Field(None, description="folder of checkpoints that others saved: the log must fit them")
    timestamp_url: str | None = Field(
        None, description="RFC 3161 timestamping authority for evidence", pattern="^https?://"
    )
    name: str = Field("data-product-sandbox", description="name of the log in checkpoints", pattern=r"^[^\s+]{1,100}$")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, description="port to listen on", ge=0, le=65535)
    workers: int = Field(1, description="web processes", ge=1, le=64)
    threads: int = Field(64, description="threads of a web process; a waiting request holds one", ge=1, le=256)
    quantum_ms: int = Field(70, description="an answer shows so long after its question, or 2, 4, 8 … times", ge=0)
    job_timeout_s: int = Field(60, description="longest execution of one job, seconds", ge=1)
    ingest_timeout_s: int = Field(900, description="longest ingest of one upload, seconds", ge=1)
    engine: Literal["duckdb", "spark"] = Field("duckdb", description="what runs questions over rows: duckdb or spark")
    spark: str = Field("local", description="local, or a cluster: `sc://host:port/;use_ssl=true`")
    spark_folder: str | None = Field(None, description="the data folder as the cluster finds it; default: as here")
    engine_memory_mb: int = Field(4096, description="memory limit of one engine process, MiB", ge=256)
    upload_limit: int = Field(1 << 30, description="largest file of a table, bytes", ge=1)
    leak_limit: int = Field(100_000_000, description="largest file to trace, bytes", ge=1)
    predictions_in_ten_minutes: int = Field(200_000, description="most records predicted under a subscription", ge=1)
    traces_a_day: int = Field(100, description="most traces a regulator starts in 24 hours", ge=1)
    table_limit: int = Field(64, description="most tables of a resource", ge=1)
    settle_day: int | None = Field(None, description="from this day on, last month is closed by itself", ge=1, le=28)
    webhook_hosts: str | None = Field(None, description="hosts of the own network that webhooks may call, by commas")
    proxies: int = Field(0, description="proxies in front of web whose `X-Forwarded-For` is believed", ge=0, le=5)
    public_url: str | None = Field(
        None, description="where people reach the service, as https://sandbox.example.org", pattern="^https?://[^/]+$"
    )
    oidc_issuer: str | None = Field(None, description="OIDC provider by which people sign in", pattern="^https?://")
    oidc_client: str | None = Field(None, description="client id there; its secret lies in `oidc.secret` of the keys")
    idempotency_days: int = Field(30, description="answers to Idempotency-Keys are kept so many days", ge=1, le=3650)
    session_hours: int = Field(8, description="longest session of a person, hours", ge=1, le=24)
    session_idle_minutes: int = Field(30, description="a session without requests ends after so many", ge=1, le=480)

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("write sqlite:///path or postgresql+psycopg://user@host/name")
        return url

    @field_validator("spark")
    @classmethod
    def _private_cluster(cls, master: str) -> str:
        """Keys and exact figures travel to a cluster: encrypted, unless it is on this machine."""
        if master == "local":
            return master
        url = urlsplit(master)
        if url.scheme != "sc" or not url.hostname:
            raise ValueError("write local, or sc://host:port/;use_ssl=true")
        if url.hostname not in LOOPBACK and "use_ssl=true" not in url.path.split(";"):
            raise ValueError("keys travel to the cluster: write sc://host:port/;use_ssl=true")
        return master

    @field_validator("kms_endpoint")
    @classmethod
    def _private_kms(cls, url: str | None) -> str | None:
        """What the service unwraps travels back: encrypted, unless it is on this machine."""
        if url is not None:
            found = urlsplit(url)
            safe = found.scheme == "https" or (found.scheme == "http" and found.hostname in LOOPBACK)
            if not found.hostname or not safe:
                raise ValueError("secrets travel from the KMS: write https://host")
        return url

    @property
    def key_folder(self) -> Path:
        return self.keys or self.home.with_name(self.home.name + ".keys")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.home / 'sandbox.db'}"

    @property
    def data_folder(self) -> Path:
        return self.home / "data"

    @property
    def spool_folder(self) -> Path:
        return self.home / "spool"

    @property
    def inside(self) -> frozenset[str]:
        """Hosts of the own network that may be called."""
        return frozenset(host.strip().lower() for host in (self.webhook_hosts or "").split(",") if host.strip())

    @property
    def log_folder(self) -> Path:
        return self.home / "log"


def load(**given: Any) -> Settings:
    """Read the settings; relative paths are made absolute. Raises `Problem(field_invalid)` naming the bad setting."""
    home = Path(given.get("home") or os.environ.get("SANDBOX_HOME") or "sandbox-home").absolute()
    config = home / CONFIG
    try:
        file = tomllib.loads(config.read_text()) if config.exists() else {}
        unknown = set(file) - set(Settings.model_fields)
        if unknown:
            raise Problem("field_invalid", f"{CONFIG}: there is no setting called {', '.join(sorted(unknown))}")
        environment = {name for name in Settings.model_fields if f"SANDBOX_{name.upper()}" in os.environ}
        kept = {name: value for name, value in file.items() if name not in environment}
        return Settings(**{**kept, **{k: v for k, v in given.items() if v is not None}, "home": home})
    except tomllib.TOMLDecodeError as error:
        raise Problem("field_invalid", f"{CONFIG} is not valid TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise Problem("field_invalid", f"setting {name} (SANDBOX_{name.upper()}): {plainly(first['msg'])}") from error


def provider_secret(settings: Settings) -> str | None:
    """Give the secret for the provider that people sign in with, None without a provider; raises `Problem` when
    something is missing for it."""
    if settings.oidc_issuer is None:
        return None
    secret = settings.key_folder / "oidc.secret"
    if not (settings.oidc_client and settings.public_url and secret.exists()):
        raise Problem(
            "field_invalid",
            f"for people to sign in, set SANDBOX_OIDC_CLIENT and SANDBOX_PUBLIC_URL, and put its secret into {secret}",
        )
    return secret.read_text(encoding="utf-8").strip()
