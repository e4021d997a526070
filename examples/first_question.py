"""From an empty instance to a first checked answer, in Python.

    export SANDBOX_API_KEY=<the authority's key>
    python examples/first_question.py my-sandbox/log.pub

Prints the answer, then the subscription and the key to go on asking with.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from sandbox.client import Client

HERE = Path(__file__).parent
SQL = "SELECT dept, COUNT(*) AS visits, AVG(cost) AS cost FROM visits GROUP BY dept ORDER BY dept"


def publish(authority: Client) -> tuple[str, str]:
    """Register, authorise, package, approve, subscribe; give the subscription and the user's key."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as table:
        subprocess.run([sys.executable, HERE / "visits.py"], stdout=table, check=True)
        resource = authority.register(json.loads((HERE / "visits.json").read_text()), {"visits": table.name})
    operator = authority.create_party("City Data Ltd", ["operator"], "91110000MA0000001X")
    grant = authority.grant(
        operator=operator["id"],
        mode="whole",
        resources=[resource["id"]],
        purposes=["industry"],
        starts="2026-01-01",
        ends="2035-12-31",
        conditions="none",
        security_contact="security@example.org",
    )
    with Client(authority.url, operator["api_key"]) as operating:
        product = operating.create_product(grant["id"], "Visits in numbers", [resource["id"]])
        operating.change_product(product["id"], "submit")
        authority.change_product(product["id"], "approve")
        operating.price(product["id"], "call", "1.20", trial=True)
        user = authority.create_party("Acme Insurance", ["user"], "91110000MA0000002X")
        with Client(authority.url, user["api_key"]) as asking:
            subscription = asking.subscribe(product["id"], "industry", accept=True)
        if subscription["status"] != "active":
            operating.approve_subscription(subscription["id"])
    return subscription["id"], user["api_key"]


def main(log_key: str) -> None:
    """Publish the example and ask the first question about it."""
    with Client(os.environ.get("SANDBOX_URL", "http://127.0.0.1:8000"), os.environ["SANDBOX_API_KEY"]) as authority:
        subscription, key = publish(authority)
        with Client(authority.url, key) as user:
            answer = user.query(subscription, SQL, epsilon=1)
    answer.receipt.verify(Path(log_key).read_text())
    print(answer.to_pandas().to_string(index=False))
    print("± (95 %):", answer.errors)
    print(f"It cost ε {answer.privacy['epsilon']} and {answer.fee} yuan. The receipt is good.")
    print(f"export SUBSCRIPTION={subscription} SANDBOX_API_KEY={key}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: SANDBOX_API_KEY=<the authority's> python examples/first_question.py my-sandbox/log.pub")
    main(sys.argv[1])
