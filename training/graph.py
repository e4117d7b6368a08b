"""MiniLM as an ONNX graph, node by node: what an exporter leaves in pieces is one operator of onnxruntime here.

A linear layer in int8 takes its input's range from the input itself; what is smoothed (SmoothQuant; Xiao et al., ICML
2023) has the outliers of its input's channels moved into the weights first. There is no padding: texts of one length
are read together, or one at a time, so that what is read of a text depends on that text alone.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from index.minilm import GRAPH, LAYERS, WIDTH, packaged_model, packaged_weights

HEADS = 12
EPSILON = 1e-12
OPSETS = (helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1))
OUTLYING = {
    "qkv": 16,
    "out": 16,
    "up": 16,
    "down": 64,
}  # channels that stay in fp32 (LLM.int8(); Dettmers et al., 2022)
SMOOTHING = 0.7  # how much of the rest's outliers the weights take over
MOST_WEIGHT = 63  # of 127: on processors without VNNI the sums of pairs of larger ones run over
GIVEN = "given when it is loaded"  # where a graph says that an initializer's data stands

Weights = Mapping[str, np.ndarray]


@dataclass
class Graph:
    """Nodes and initializers as they are added; those of `given` have their data elsewhere."""

    weights: Weights
    given: frozenset[str] = frozenset()
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    initializers: dict[str, onnx.TensorProto] = field(default_factory=dict)

    def add(self, operator: str, inputs: list[str], output: str, **attributes: object) -> str:
        """Add a node; a dot before its operator's name says that it is onnxruntime's own. Returns its output."""
        domain = "com.microsoft" if operator.startswith(".") else ""
        self.nodes.append(helper.make_node(operator.lstrip("."), inputs, [output], domain=domain, **attributes))
        return output

    def constant(self, name: str, value: np.ndarray | None = None) -> str:
        """Add an initializer once: a value, or the weight of that name."""
        value = self.weights[name] if value is None else value
        if name in self.given:
            tensor = TensorProto(name=name, dims=value.shape, data_type=TensorProto.FLOAT)
            tensor.data_location = TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value=GIVEN)
        else:
            tensor = numpy_helper.from_array(np.ascontiguousarray(value), name)
        self.initializers.setdefault(name, tensor)
        return name

    def model(self, output: str, width: int) -> onnx.ModelProto:
        """The whole, with token ids and their types in, and `width` numbers for each token out."""
        tokens = [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"]) for name in ("tokens", "types")
        ]
        out = helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", "length", width])
        graph = helper.make_graph(self.nodes, "MiniLM", tokens, [out], list(self.initializers.values()))
        return helper.make_model(graph, opset_imports=list(OPSETS), ir_version=10)


Linear = Callable[[Graph, str, str], str]  # a graph, a tensor's name, a layer's name; the output's name


def linear(graph: Graph, inputs: str, name: str) -> str:
    """A linear layer in fp32."""
    product = graph.add("MatMul", [inputs, graph.constant(f"{name}.weight")], f"{name}.product")
    return graph.add("Add", [product, graph.constant(f"{name}.bias")], f"{name}.output")


def normalize(graph: Graph, inputs: str, name: str) -> str:
    """LayerNormalization, which onnxruntime has a fast kernel of, unlike its own fused forms on the CPU."""
    scale, bias = graph.constant(f"{name}.scale"), graph.constant(f"{name}.bias")
    return graph.add("LayerNormalization", [inputs, scale, bias], f"{name}.output", epsilon=EPSILON)


def embed(graph: Graph, exact: bool) -> str:
    """The embeddings of tokens, places and types."""
    word = graph.add("Gather", [graph.constant("word"), "tokens"], "word.output") if exact else look_up(graph)
    kind = graph.add("Gather", [graph.constant("type"), "types"], "type.output")
    shape = graph.add("Shape", ["tokens"], "shape", start=1, end=2)
    zero, one = (graph.constant(name, np.array(value)) for name, value in (("zero", [0]), ("one", [1])))
    place = graph.add("Slice", [graph.constant("position"), zero, shape, zero, one], "position.output")
    both = graph.add("Add", [word, kind], "embedded")
    return normalize(graph, graph.add("Add", [both, place], "placed"), "norm")


def look_up(graph: Graph) -> str:
    """The embeddings of words kept in int8, a scale for each word."""
    int8, scale = to_int8(graph.weights["word"], axis=1)
    row = graph.add("Gather", [graph.constant("word.int8", int8), "tokens"], "word.row")
    by = graph.add("Gather", [graph.constant("word.scale", scale[:, None]), "tokens"], "word.by")
    return graph.add("Mul", [graph.add("Cast", [row], "word.cast", to=TensorProto.FLOAT), by], "word.output")


def layer(graph: Graph, inputs: str, number: int, apply: Linear) -> str:
    """One layer: attention, then the two linear layers with a GELU between, each added to what came in."""
    three = [f"{number}.{name}" for name in ("query", "key", "value")]
    graph.nodes.append(helper.make_node("Split", [apply(graph, inputs, f"{number}.qkv")], three, axis=2, num_outputs=3))
    heard = graph.add(".MultiHeadAttention", three, f"{number}.heard", num_heads=HEADS)
    summed = graph.add("Add", [apply(graph, heard, f"{number}.out"), inputs], f"{number}.summed")
    between = normalize(graph, summed, f"{number}.between")
    up = graph.add(".Gelu", [apply(graph, between, f"{number}.up")], f"{number}.gelu")
    down = graph.add("Add", [apply(graph, up, f"{number}.down"), between], f"{number}.added")
    return normalize(graph, down, f"{number}.after")


def bert(graph: Graph, apply: Linear = linear) -> str:
    """The whole body; returns the name of the last hidden states."""
    hidden = embed(graph, apply is linear)
    for number in range(LAYERS):
        hidden = layer(graph, hidden, number, apply)
    return hidden


def encoder_model(weights: Weights) -> onnx.ModelProto:
    """The encoder: hidden states of every token; all of its weights are given when it is loaded."""
    graph = Graph(weights, frozenset(weights))
    bert(graph)
    return graph.model(f"{LAYERS - 1}.after.output", WIDTH)


def reader_model(weights: Weights, most: Mapping[str, np.ndarray] | None = None) -> onnx.ModelProto:
    """The reader: start, end, evidence and answer logits of every token.

    In fp32, or with `most`, the greatest size of each channel that comes into each linear layer, in int8.
    """
    graph = Graph(weights)
    hidden = bert(graph, linear if most is None else rounded(most))
    return graph.model(linear(graph, hidden, "heads"), 4)


def rounded(most: Mapping[str, np.ndarray]) -> Linear:
    """Linear layers in int8, smoothed, the channels that lie farthest out multiplied in fp32 beside them."""

    def apply(graph: Graph, inputs: str, name: str) -> str:
        weight, sizes = graph.weights[f"{name}.weight"], most[name].clip(1e-5)
        few = np.sort(np.argsort(-sizes)[: OUTLYING.get(name.partition(".")[2], 0)])
        inside = np.ones(len(sizes), bool)
        inside[few] = False
        factor = sizes**SMOOTHING / np.abs(weight).max(1).clip(1e-5) ** (1 - SMOOTHING)
        factor = (factor / np.exp(np.log(factor[inside]).mean())).clip(1e-2).astype(np.float32)
        smooth = graph.constant(f"{name}.smoothing", (inside / factor).astype(np.float32))
        smoothed = graph.add("Mul", [inputs, smooth], f"{name}.smoothed")
        int8, scale = to_int8(weight * factor[:, None] * inside[:, None], axis=0, most=MOST_WEIGHT)
        constants = [graph.constant(f"{name}.int8", int8), graph.constant(f"{name}.scale", scale)]
        given = [smoothed, *constants, "", graph.constant(f"{name}.bias")]
        product = graph.add(".DynamicQuantizeMatMul", given, f"{name}.inside")
        outlying = graph.add("Gather", [inputs, graph.constant(f"{name}.few", few)], f"{name}.outlying", axis=2)
        exact = graph.add("MatMul", [outlying, graph.constant(f"{name}.exact", weight[few])], f"{name}.outside")
        return graph.add("Add", [product, exact], f"{name}.output")

    return apply


def to_int8(values: np.ndarray, axis: int, most: int = 127) -> tuple[np.ndarray, np.ndarray]:
    """Values as whole numbers up to `most`, and what they are multiplied with: one for each column (0) or row (1)."""
    scale = np.abs(values).max(axis, keepdims=True).clip(1e-12) / most
    return np.round(values / scale).astype(np.int8), scale.astype(np.float32).reshape(-1)


def linear_inputs(model: onnx.ModelProto) -> dict[str, str]:
    """The name of what comes into each linear layer of a graph in fp32, by the layer's name."""
    products = [
        node for node in model.graph.node if node.op_type == "MatMul" and not node.output[0].startswith("heads")
    ]
    return {node.output[0].removesuffix(".product"): node.input[0] for node in products}


def with_outputs(model: onnx.ModelProto, names: Iterable[str]) -> onnx.ModelProto:
    """The graph, which gives some of its inner tensors out, too."""
    more = onnx.ModelProto()
    more.CopyFrom(model)
    more.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    return more


if __name__ == "__main__":  # python -m training.graph: what the encoder is run by
    GRAPH.write_bytes(encoder_model(packaged_weights(packaged_model())).SerializeToString())
