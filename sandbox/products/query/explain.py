"""A plan in words: what is read, what is left out, what is measured with which noise, what shows. In English and
Chinese, from the plan alone, so that nothing in it depends on data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from sandbox.plan import relation as r
from sandbox.plan.block import Block, Measurement
from sandbox.plan.own import Own, OwnPublic
from sandbox.plan.plan import Output, Plan
from sandbox.plan.relation import NUMBER
from sandbox.plan.scalar import Scalar, columns
from sandbox.products.query.accuracy import constant_width, spelled
from sandbox.products.query.present import mechanism, origin
from sandbox.products.query.words import KINDS, MECHANISMS, SAID


def explain(plan: Plan, unit: str, language: str) -> list[str]:
    """Give the plan in sentences of `language` (en or zh). `unit` is what the registration calls who is protected."""
    said: list[str] = []
    names = _shown(plan)
    several = len(plan.blocks) > 1
    for number, (block, outputs) in enumerate(zip(plan.blocks, plan.outputs, strict=True), 1):
        if several:
            said.append(_say(language, "part", number=number))
        said += _rows(block.rows, unit, language)
        said += _groups(block, unit, language)
        for output in outputs:
            if output.what != "key":
                name = names.get((number - 1, output.name), SAID[language]["unseen"])
                said.append(_measured(block, output, name, unit, language))
    return said + _post(plan.post, language)


def _shown(plan: Plan) -> dict[tuple[int, str], str]:
    """The name in the answer of each output, by its block and own name; several names of one are joined."""
    found: dict[tuple[int, str], list[str]] = {}
    for column in plan.post.columns:
        source = origin(plan.post, column.name, plan)
        if source is not None:
            place = next(number for number, block in enumerate(plan.blocks) if block is source[0])
            found.setdefault((place, source[1].name), []).append(column.name)
    return {place: ", ".join(names) for place, names in found.items()}


def _rows(node: r.Relation, unit: str, language: str) -> list[str]:
    """What is read and made, from the tables up."""
    match node:
        case Own():
            return [_say(language, "own", table=node.table, unit=unit)]
        case OwnPublic():
            return [_say(language, "own_public", table=node.table)]
        case r.Scan():
            return [_say(language, "scan", table=node.table, rows=node.rows, unit=unit)]
        case r.Public():
            return [_say(language, "public", table=node.table)]
        case r.Filter():
            return [
                *_rows(node.source, unit, language),
                _say(language, "filter", columns=_names([node.condition], language)),
            ]
        case r.Project():
            return _rows(node.source, unit, language)
        case r.Join():
            both = _rows(node.left, unit, language) + _rows(node.right, unit, language)
            kind = "join" if node.right.state == "unit" else "join_public"
            return [*both, _say(language, kind, unit=unit, rows=node.rows, fanout=node.fanout)]
        case r.Semi():
            both = _rows(node.left, unit, language) + _rows(node.right, unit, language)
            return [*both, _say(language, "anti" if node.anti else "semi", unit=unit)]
        case r.Union():
            parts = [said for source in node.sources for said in _rows(source, unit, language)]
            return [*parts, _say(language, "union", unit=unit, rows=node.rows)]
        case r.Group():
            keys = _names([key.expr for key in node.keys], language)
            kind = "fold_by" if node.keys else "fold"
            return [*_rows(node.source, unit, language), _say(language, kind, unit=unit, keys=keys)]
        case r.Window():
            return [*_rows(node.source, unit, language), _say(language, "window", unit=unit)]
        case _:
            return []


def _groups(block: Block, unit: str, language: str) -> list[str]:
    said = []
    keys = ", ".join(key.name for key in block.keys)
    if block.threshold is not None:
        said.append(_say(language, "private", keys=keys, unit=unit, tau=block.threshold.tau))
    elif block.keys:
        said.append(_say(language, "declared", keys=keys))
    weighed = [m for m in block.measurements if m.norm]
    if block.bounds.truncates and len(weighed) < len(block.measurements):
        bounds = block.bounds
        said.append(_say(language, "bounds", unit=unit, groups=bounds.groups, rows=bounds.rows_per_group))
    if weighed:
        said.append(_say(language, "norm", unit=unit))
    return said


def _measured(block: Block, output: Output, shown: str, unit: str, language: str) -> str:
    """An output under the name that it is shown by: what it is of which columns, and what noise it gets."""
    parts = [block.measurements[place] for place in output.source]
    of = _names([m.expr for m in parts if m.expr is not None], language)
    around = output.what == "sum" and len(parts) > 1
    kind = "units" if parts[0].what == "units" else "around" if around else output.what
    drawn = MECHANISMS[language][mechanism(block, output)]
    width = constant_width(block, output) if output.what in ("count", "sum") else None
    said = "output" if width is None else "output_error"
    name = KINDS[language].get(kind, output.what).format(of=of, unit=unit, middle=_middle(parts[0]))
    return _say(language, said, name=shown, what=name, noise=drawn, error="" if width is None else spelled(width))


def _middle(measured: Measurement) -> str:
    return f"{Decimal(measured.centre).scaleb(-measured.scale).normalize():f}"


def _post(node: r.Relation, language: str) -> list[str]:
    """What happens to noisy numbers: free, and said once."""
    steps = []
    while not isinstance(node, r.Released):
        name = type(node).__name__.lower()
        if isinstance(node, r.Project) and all(one.expr in node.source.columns for one in node.named):
            name = ""
        steps += [SAID[language][f"post_{name}"]] if f"post_{name}" in SAID[language] else []
        if isinstance(node, r.Join | r.Semi | r.Union):
            break
        node = node.source  # type: ignore[union-attr]
    return [_say(language, "post", steps=_list(reversed(steps), language))] if steps else []


UNITS = {"en": "the unit", "zh": "隐私单元"}


def _names(nodes: Sequence[Scalar], language: str) -> str:
    read = {name.partition(NUMBER)[0] for node in nodes for name in columns(node)}
    found = sorted(UNITS[language] if name == "__unit" else name for name in read)
    return _list(found, language) or SAID[language]["constants"]


def _list(names: Iterable[str], language: str) -> str:
    return ("、" if language == "zh" else ", ").join(dict.fromkeys(names))


def _say(language: str, key: str, **values: object) -> str:
    return SAID[language][key].format(**values)
