"""Compile FileKeys.java with the compiler that Spark ships; as a module, `python -m sandbox.engines.spark.jar FILE.jar`
writes the jar that a cluster needs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

SOURCE = Path(__file__).with_name("FileKeys.java")
CLASS = "sandbox.spark.FileKeys"


def compiled(jvm: Any) -> bytes:
    """Give the class file, compiled in a running Java with Spark's jars."""
    compiler = jvm.org.codehaus.janino.SimpleCompiler()
    compiler.cook(SOURCE.read_text())
    return bytes(compiler.getBytecodes()[CLASS])


def path_of_class() -> str:
    """Where the class file lies in a jar or a folder of classes."""
    return CLASS.replace(".", "/") + ".class"


def main(target: str) -> None:
    """Write the jar; the same source gives the same bytes."""
    from pyspark.java_gateway import launch_gateway

    gateway = launch_gateway()
    try:
        code = compiled(gateway.jvm)
    finally:
        gateway.shutdown()
    with ZipFile(target, "w") as jar:
        jar.writestr(ZipInfo(path_of_class()), code)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Say where to write it: python -m sandbox.engines.spark.jar FILE.jar")
    main(sys.argv[1])
