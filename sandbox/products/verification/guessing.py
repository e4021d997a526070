"""Who walks through numbers instead of asking about somebody it knows: subjects whose numbers follow each other, and
numbers with wrong check digits. Both are told by the asker's own numbers alone; how many of them the data know is
never counted, for an alert is a public leaf, and would tell whether the last one was known."""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from threading import Lock

LATELY = 64
"""Numbers of one user, in this process's memory only."""
USERS = 1000
NEAR = 10
TALLY = "sequence"


class Lately:
    """What was asked lately by each of the last users. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._asked: OrderedDict[str, deque[int]] = OrderedDict()

    def follows(self, party: str, kind: str, number: str) -> bool:
        """Say whether the number stands close to another that this user asked about lately, and keep it in mind."""
        place = place_of(kind, number)
        with self._lock:
            asked = self._asked.setdefault(party, deque(maxlen=LATELY))
            self._asked.move_to_end(party)
            if len(self._asked) > USERS:
                self._asked.popitem(last=False)
            near = any(0 < abs(place - other) <= NEAR for other in asked)
            if place not in asked:
                asked.append(place)
        return near


def place_of(kind: str, number: str) -> int:
    """Give where a number stands in the order in which such numbers are given out: check digits left out."""
    if kind == "cn_id":
        return int(number[:17])
    if kind == "cn_uscc":
        return int(number[8:16], 36)  # the organisation's code, without its own check digit
    digits = re.sub(r"\D", "", number)[-18:]
    return int(digits) if digits else 0
