"""Whoever lacks Java, or pyspark, is told so in a sentence; and no cluster is spoken to in the clear."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from sandbox.engines.spark import java
from sandbox.errors import Problem
from sandbox.settings import load


def pretend(folder: Path, version: str) -> Path:
    """A `java` that says it is of this version."""
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n")
    program.chmod(0o755)
    return program


def test_no_java_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Problem, match="needs Java 17 or newer, and there is none here; apt-get install"):
        java.find_java()


@pytest.mark.parametrize("version", ["1.8.0_392", "11.0.22"])
def test_an_old_java_is_a_sentence(version, tmp_path, monkeypatch):
    pretend(tmp_path, version)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(Problem, match="set JAVA_HOME to one"):
        java.find_java()


@pytest.mark.parametrize("version", ["17.0.15", "21", "25.0.1"])
def test_a_java_is_found(version, tmp_path, monkeypatch):
    program = pretend(tmp_path / "home", version)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{program.parent}:/bin")
    assert java.find_java() == tmp_path / "home"


def test_no_pyspark_is_a_sentence(monkeypatch):
    monkeypatch.setattr(java, "find_spec", lambda name: None)
    with pytest.raises(Problem, match="run `make spark`"):
        java.check("local")


def test_a_cluster_needs_no_java_here(tmp_path, monkeypatch):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(java, "find_spec", lambda name: importlib.util.find_spec("json"))
    java.check("sc://127.0.0.1:15002")


@pytest.mark.parametrize(
    "master", ["sc://spark.example:15002", "sc://spark.example:1/;token=x", "spark://h:7077", "sc://"]
)
def test_a_cluster_elsewhere_is_spoken_to_encrypted(master, tmp_path):
    with pytest.raises(Problem, match="use_ssl=true"):
        load(home=tmp_path, spark=master)


@pytest.mark.parametrize("master", ["local", "sc://localhost:15002", "sc://spark.example:443/;token=x;use_ssl=true"])
def test_where_spark_may_be(master, tmp_path):
    assert load(home=tmp_path, spark=master).spark == master
