"""A copy of a model as an ONNX file that others can run: inputs in the units of the columns, one row a record.

The file holds the recipient's own parameters. Inputs stand in the order of the features; of one of a list each value
but the first is an input of its own, 0 or 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sandbox.errors import Problem
from sandbox.modelling.exported import exported
from sandbox.modelling.matrix import Reals
from sandbox.modelling.solve import FARTHEST, Parameters, forest_of
from sandbox.plan.fitted import UNIT, Model

OPSET, TREES = 17, 3


def onnx_bytes(fit: Parameters, name: str, parts: Sequence[Reals] | None = None) -> bytes:
    """Give the file, with the parameters `parts` in place of those that the model has. Output `score` (a probability),
    `value`, `cluster` (from 1) or `coordinates`. Raises not_ready where the library is not installed."""
    try:
        import onnx
    except ImportError:
        raise Problem("not_ready", "this instance has no onnx; install the extra models and start it again") from None
    graph = _Graph(onnx.helper)
    output = _body(fit, exported(fit) if parts is None else parts, graph, _scaled(fit.model, graph))
    kind = onnx.TensorProto.INT64 if output == "cluster" else onnx.TensorProto.FLOAT
    wide = {"cluster": [], "coordinates": [fit.model.size]}.get(output, [1])
    shape: list[str | int] = ["records", *wide]
    made = onnx.helper.make_graph(
        graph.nodes,
        name,
        [onnx.helper.make_tensor_value_info("inputs", onnx.TensorProto.FLOAT, ["records", fit.model.inputs])],
        [onnx.helper.make_tensor_value_info(output, kind, shape)],
        [onnx.numpy_helper.from_array(array, key) for key, array in graph.constants.items()],
    )
    opsets = [onnx.helper.make_opsetid("", OPSET), onnx.helper.make_opsetid("ai.onnx.ml", TREES)]
    file = onnx.helper.make_model(made, opset_imports=opsets, producer_name="data-product-sandbox", ir_version=9)
    onnx.checker.check_model(file)
    data: bytes = file.SerializeToString()
    return data


class _Graph:
    """Nodes and constants as they are added; every node's output is named after its number."""

    def __init__(self, helper: Any) -> None:
        self._helper, self.nodes, self.constants = helper, list[Any](), dict[str, Any]()

    def constant(self, value: Any, kind: Any = np.float32) -> str:
        key = f"c{len(self.constants)}"
        self.constants[key] = np.asarray(value, kind)
        return key

    def add(self, op: str, *inputs: str, to: str | None = None, **options: Any) -> str:
        output = to or f"n{len(self.nodes)}"
        self.nodes.append(self._helper.make_node(op, list(inputs), [output], **options))
        return output


def _scaled(model: Model, graph: _Graph) -> str:
    """Inputs as the model reads them: between −1 and 1, in thousandths."""
    middles, halves = [], []
    for feature in model.features:
        low, high = (0.0, 0.0) if feature.options else (float(feature.lower), float(feature.upper))
        middles += [(low + high) / 2] * feature.inputs
        halves += [(high - low) / 2 or 1.0] * feature.inputs
    moved = graph.add("Div", graph.add("Sub", "inputs", graph.constant([middles])), graph.constant([halves]))
    inside = graph.add("Clip", moved, graph.constant(-1.0), graph.constant(1.0))
    return graph.add("Round", graph.add("Mul", inside, graph.constant(float(UNIT))))


def _body(fit: Parameters, parts: Sequence[Reals], graph: _Graph, thousandths: str) -> str:
    x = graph.add("Div", thousandths, graph.constant(float(UNIT)))
    match fit.model.method:
        case "linear":
            assert fit.model.target is not None
            low, high = float(fit.model.target.lower), float(fit.model.target.upper)
            value = graph.add("Clip", _linear(graph, x, *parts), graph.constant(-1.0), graph.constant(1.0))
            share = graph.add("Mul", value, graph.constant((high - low) / 2))
            return graph.add("Add", share, graph.constant((high + low) / 2), to="value")
        case "logistic":
            return _score(graph, _linear(graph, x, *parts))
        case "naive_bayes":
            return _score(graph, _classes(graph, x, *parts))
        case "forest":
            return _score(graph, _trees(graph, thousandths, fit.model, *parts))
        case "kmeans":
            apart = graph.add(
                "Sub", graph.add("Unsqueeze", x, graph.constant([1], np.int64)), graph.constant([parts[0]])
            )
            square = graph.add("Mul", apart, apart)
            away = graph.add("ReduceSum", square, graph.constant([2], np.int64), keepdims=0)
            nearest = graph.add("ArgMin", away, axis=1, keepdims=0)
            return graph.add("Add", nearest, graph.constant(1, np.int64), to="cluster")
        case _:
            away = graph.add("Sub", x, graph.constant(parts[0]))
            return graph.add("MatMul", away, graph.constant(parts[1]), to="coordinates")


def _linear(graph: _Graph, x: str, weights: Reals, constant: Reals) -> str:
    return graph.add("Add", graph.add("MatMul", x, graph.constant(weights)), graph.constant(constant))


def _score(graph: _Graph, logit: str) -> str:
    inside = graph.add("Clip", logit, graph.constant(-FARTHEST), graph.constant(FARTHEST))
    return graph.add("Sigmoid", inside, to="score")


def _classes(graph: _Graph, x: str, squares: Reals, plain: Reals, rest: Reals) -> str:
    """The difference of two quadratic forms."""
    of_squares = graph.add("MatMul", graph.add("Mul", x, x), graph.constant(squares))
    both = graph.add("Add", of_squares, graph.add("MatMul", x, graph.constant(plain)))
    return graph.add("Add", both, graph.constant(rest))


def _trees(graph: _Graph, thousandths: str, model: Model, of_leaves: Reals) -> str:
    """The mean of the leaves' logits; a node's children are 2n + 1 and 2n + 2."""
    forest, inner = forest_of(model), 2**model.depth - 1
    nodes = [(tree, node) for tree in range(model.size) for node in range(2 * inner + 1)]
    leaves = [(tree, leaf) for tree in range(model.size) for leaf in range(inner + 1)]

    def of(value: Any, otherwise: Any) -> list[Any]:
        return [value(tree, node) if node < inner else otherwise for tree, node in nodes]

    return graph.add(
        "TreeEnsembleRegressor",
        thousandths,
        domain="ai.onnx.ml",
        aggregate_function="AVERAGE",
        n_targets=1,
        nodes_treeids=[tree for tree, _ in nodes],
        nodes_nodeids=[node for _, node in nodes],
        nodes_modes=of(lambda tree, node: "BRANCH_LEQ", "LEAF"),
        nodes_featureids=of(lambda tree, node: int(forest.asks[tree, node]), 0),
        nodes_values=of(lambda tree, node: float(forest.thresholds[tree, node]), 0.0),
        nodes_truenodeids=of(lambda tree, node: 2 * node + 1, 0),
        nodes_falsenodeids=of(lambda tree, node: 2 * node + 2, 0),
        target_treeids=[tree for tree, _ in leaves],
        target_nodeids=[inner + leaf for _, leaf in leaves],
        target_ids=[0] * len(leaves),
        target_weights=[float(of_leaves[tree, leaf]) for tree, leaf in leaves],
    )
