"""The interpreter that blocks start from: it has imported what programs use, holds no data and no code of theirs, and
forks one process for each block. Speaks with the vault over the socket whose descriptor it is told; a message brings
two descriptors, the input in memory and the pipe for the result; its answer is one byte, when the process is gone.

Runs inside the sandbox. Between a fork and the end of its process nothing of a block is in this process: what one block
was given or did, the next cannot see."""

from __future__ import annotations

import gc
import json
import math
import mmap
import os
import select
import signal
import socket
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from . import confine, loaded, pages

RESULT, HEAD = 3, 8  # where the pipe for the result is once all else is closed; bytes of a length
FAILED = struct.pack("<d", math.nan)


def main(descriptor: int) -> None:
    """Answer until the vault goes."""
    loaded.warm_up()
    gc.collect()
    gc.freeze()  # so that counting references copies fewer pages
    pages.join()
    channel = socket.socket(fileno=descriptor)
    channel.send(b"!")
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, 256, 2)
        if not message:
            return
        asked = json.loads(message)
        try:
            child = block(channel, descriptors, asked)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        wait(child, asked["milliseconds"])
        channel.send(b".")


def wait(child: int, milliseconds: int) -> None:
    """Return when the process of a block is gone, for which it has so long."""
    handle = os.pidfd_open(child)
    ready = select.poll()
    ready.register(handle, select.POLLIN)
    if not ready.poll(milliseconds):
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)  # the only process of its namespace
    os.close(handle)
    os.waitpid(child, 0)


def block(channel: socket.socket, descriptors: list[int], asked: Mapping[str, int]) -> int:
    """Start the process of a block, and give its id. In it go to its end: what goes wrong there looks like nothing."""
    here = os.getpid()
    try:
        if child := confine.forked():
            return child
        channel.close()
        source, result = descriptors
        header, tables = read(source)
        os.close(source)
        confine.shut_in(result, asked["memory_mb"] << 20, -(-asked["milliseconds"] // 1000) + 1)
        numbers = run(header, tables)
        os.write(RESULT, b"".join(FAILED if one is None else struct.pack("<d", one) for one in numbers))
    except BaseException:  # nobody is told why
        if os.getpid() == here:
            raise
        os._exit(1)
    os._exit(0)


def read(source: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give what is asked and the tables, from one piece of memory."""
    whole = mmap.mmap(source, 0, prot=mmap.PROT_READ)
    end = HEAD + int.from_bytes(whole[:HEAD], "big")
    header = json.loads(whole[HEAD:end])
    tables, view = {}, memoryview(whole)
    for name, size in header["tables"]:
        tables[name] = loaded.frame(view[end : end + size])
        end += size
    return header, tables


def run(header: Mapping[str, Any], tables: dict[str, Any]) -> list[float | None]:
    """Run the program; give its numbers in order of their names, None for one that it did not give."""
    names: list[str] = header["numbers"]
    space: dict[str, Any] = {"__name__": "program"}
    try:
        exec(compile(header["code"], "program", "exec"), space)  # noqa: S102 – that is what all these walls are for
        found = space["program"](*arguments(header["parameters"], tables))
    except BaseException:  # noqa: BLE001 – a program that fails gives nothing
        return [None] * len(names)
    if not isinstance(found, Mapping):
        found = {names[0]: found} if len(names) == 1 else {}
    return [_number(found.get(name)) for name in names]


def arguments(parameters: dict[str, Any], tables: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Give what a program is called with: the first table, and the parameters with all further ones among them."""
    rows, *others = tables.items()
    if others:
        beside = {name.partition(".")[2]: table for name, table in others}
        parameters = {**parameters, "tables": {**parameters.get("tables", {}), **beside}}
    return rows[1], parameters


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except BaseException:  # noqa: BLE001 – a value may be of any class, and its class may do anything
        return None


if __name__ == "__main__":
    sys.setrecursionlimit(2000)
    main(int(sys.argv[1]))
