"""From uploaded files to one immutable encrypted data version in which every declaration holds."""

from sandbox.catalogue.ingest.child import ingest_in_child
from sandbox.catalogue.ingest.limits import Limits
from sandbox.catalogue.ingest.version import ingest

__all__ = ["Limits", "ingest", "ingest_in_child"]
