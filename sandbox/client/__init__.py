"""The Python client: `Client(url, key)` speaks the outside contract and nothing else."""

from sandbox.client.answer import Answer, Receipt
from sandbox.client.client import Client

__all__ = ["Answer", "Client", "Receipt"]
