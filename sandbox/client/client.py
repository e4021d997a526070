"""The client of the outside contract."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from sandbox.client.ask import Asking
from sandbox.client.authorise import Authorising
from sandbox.client.holding import Holding
from sandbox.client.identity import Identifying
from sandbox.client.operate import Operating
from sandbox.client.pay import Paying
from sandbox.client.persons import Consenting
from sandbox.client.predict import Predicting
from sandbox.client.review import Reviewing
from sandbox.client.sign import Signing
from sandbox.client.synthetic import Synthesising
from sandbox.client.verify import Verifying
from sandbox.client.watch import Watching
from sandbox.client.watchful import Watchful
from sandbox.client.workspace import Working


class Client(
    Asking,
    Identifying,
    Authorising,
    Consenting,
    Holding,
    Operating,
    Paying,
    Predicting,
    Reviewing,
    Signing,
    Synthesising,
    Verifying,
    Watching,
    Watchful,
    Working,
):
    """A party's connection to a sandbox: `Client("http://127.0.0.1:8000", key)`.

    Every method makes one request of the contract and gives its JSON; refusals are raised as `sandbox.errors.Problem`
    with their code and sentence. What a party may do depends on its roles, not on this class.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
