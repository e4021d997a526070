"""The example in the room's README works as it stands."""

import re
from pathlib import Path

import watermarking


def test_the_example_runs() -> None:
    readme = (Path(watermarking.__file__).parent / "README.md").read_text("utf-8")
    [example] = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})
