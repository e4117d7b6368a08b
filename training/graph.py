"""MiniLM as an ONNX graph, built node by node with onnxruntime's fused operators, which exporters do not use.

Linear layers in int8 are quantized dynamically, after outliers of the input channels were moved into the weights
(SmoothQuant; Xiao et al., ICML 2023). There is no padding: texts of one length are read together, or one at a time, so
that the output for a text depends on that text alone.
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
SMOOTHING = 0.7  # SmoothQuant's alpha: how much of the other channels' outliers moves into the weights
MOST_WEIGHT = 63  # of 127: on processors without VNNI the sums of pairs of larger ones overflow
EXTERNAL = "given when it is loaded"  # the location named for initializers whose data is not in the file

Weights = Mapping[str, np.ndarray]


@dataclass
class Graph:
    """Nodes and initializers of a graph under construction; `external` names those whose data is not in the file."""

    weights: Weights
    external: frozenset[str] = frozenset()
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    initializers: dict[str, onnx.TensorProto] = field(default_factory=dict)

    def add(self, operator: str, inputs: list[str], output: str, **attributes: object) -> str:
        """Add a node and return its output; a dot before an operator means onnxruntime's domain, com.microsoft."""
        domain = "com.microsoft" if operator.startswith(".") else ""
        self.nodes.append(helper.make_node(operator.lstrip("."), inputs, [output], domain=domain, **attributes))
        return output

    def constant(self, name: str, value: np.ndarray | None = None) -> str:
        """Add an initializer once, of a value or of the weight of that name; return its name."""
        value = self.weights[name] if value is None else value
        if name in self.external:
            tensor = TensorProto(name=name, dims=value.shape, data_type=TensorProto.FLOAT)
            tensor.data_location = TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value=EXTERNAL)
        else:
            tensor = numpy_helper.from_array(np.ascontiguousarray(value), name)
        self.initializers.setdefault(name, tensor)
        return name

    def model(self, output: str, width: int) -> onnx.ModelProto:
        """Return the model: token ids and types in, (batch, length, width) out."""
        tokens = [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"]) for name in ("tokens", "types")
        ]
        out = helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", "length", width])
        graph = helper.make_graph(self.nodes, "MiniLM", tokens, [out], list(self.initializers.values()))
        return helper.make_model(graph, opset_imports=list(OPSETS), ir_version=10)


Linear = Callable[[Graph, str, str], str]  # graph, input's name, layer's name -> output's name


def linear(graph: Graph, inputs: str, name: str) -> str:
    """Add a linear layer in fp32."""
    product = graph.add("MatMul", [inputs, graph.constant(f"{name}.weight")], f"{name}.product")
    return graph.add("Add", [product, graph.constant(f"{name}.bias")], f"{name}.output")


def normalize(graph: Graph, inputs: str, name: str) -> str:
    """Add LayerNormalization, whose kernel is faster on the CPU than onnxruntime's fused forms."""
    scale, bias = graph.constant(f"{name}.scale"), graph.constant(f"{name}.bias")
    return graph.add("LayerNormalization", [inputs, scale, bias], f"{name}.output", epsilon=EPSILON)


def embed(graph: Graph, exact: bool) -> str:
    """Add the sum of token, position and type embeddings, normalised."""
    word = graph.add("Gather", [graph.constant("word"), "tokens"], "word.output") if exact else look_up(graph)
    kind = graph.add("Gather", [graph.constant("type"), "types"], "type.output")
    shape = graph.add("Shape", ["tokens"], "shape", start=1, end=2)
    zero, one = (graph.constant(name, np.array(value)) for name, value in (("zero", [0]), ("one", [1])))
    place = graph.add("Slice", [graph.constant("position"), zero, shape, zero, one], "position.output")
    summed = graph.add("Add", [word, kind], "embedded")
    return normalize(graph, graph.add("Add", [summed, place], "placed"), "norm")


def look_up(graph: Graph) -> str:
    """Add word embeddings in int8, with a scale for each word."""
    int8, scale = to_int8(graph.weights["word"], axis=1)
    row = graph.add("Gather", [graph.constant("word.int8", int8), "tokens"], "word.row")
    scales = graph.add("Gather", [graph.constant("word.scale", scale[:, None]), "tokens"], "word.by")
    return graph.add("Mul", [graph.add("Cast", [row], "word.cast", to=TensorProto.FLOAT), scales], "word.output")


def layer(graph: Graph, inputs: str, number: int, apply: Linear) -> str:
    """Add one transformer layer: attention, then two linear layers with a GELU between, both with residuals."""
    projections = [f"{number}.{name}" for name in ("query", "key", "value")]
    graph.nodes.append(
        helper.make_node("Split", [apply(graph, inputs, f"{number}.qkv")], projections, axis=2, num_outputs=3)
    )
    attended = graph.add(".MultiHeadAttention", projections, f"{number}.heard", num_heads=HEADS)
    summed = graph.add("Add", [apply(graph, attended, f"{number}.out"), inputs], f"{number}.summed")
    between = normalize(graph, summed, f"{number}.between")
    up = graph.add(".Gelu", [apply(graph, between, f"{number}.up")], f"{number}.gelu")
    down = graph.add("Add", [apply(graph, up, f"{number}.down"), between], f"{number}.added")
    return normalize(graph, down, f"{number}.after")


def bert(graph: Graph, apply: Linear = linear) -> str:
    """Add embeddings and all layers; return the name of the last hidden states."""
    hidden = embed(graph, apply is linear)
    for number in range(LAYERS):
        hidden = layer(graph, hidden, number, apply)
    return hidden


def encoder_model(weights: Weights) -> onnx.ModelProto:
    """Return the encoder, whose output is every token's hidden state; its weights are external."""
    graph = Graph(weights, frozenset(weights))
    bert(graph)
    return graph.model(f"{LAYERS - 1}.after.output", WIDTH)


def reader_model(weights: Weights, maxima: Mapping[str, np.ndarray] | None = None) -> onnx.ModelProto:
    """Return the reader, whose output is every token's start, end, evidence and answer logits.

    In fp32, or in int8 with `maxima`: the largest absolute value of each input channel, by linear layer.
    """
    graph = Graph(weights)
    hidden = bert(graph, linear if maxima is None else int8_linear(maxima))
    return graph.model(linear(graph, hidden, "heads"), 4)


def int8_linear(maxima: Mapping[str, np.ndarray]) -> Linear:
    """Return what adds a smoothed linear layer in int8 whose outlying channels are multiplied in fp32."""

    def apply(graph: Graph, inputs: str, name: str) -> str:
        weight, sizes = graph.weights[f"{name}.weight"], maxima[name].clip(1e-5)
        outliers = np.sort(np.argsort(-sizes)[: OUTLYING.get(name.partition(".")[2], 0)])
        inside = np.ones(len(sizes), bool)
        inside[outliers] = False
        factor = sizes**SMOOTHING / np.abs(weight).max(1).clip(1e-5) ** (1 - SMOOTHING)
        factor = (factor / np.exp(np.log(factor[inside]).mean())).clip(1e-2).astype(np.float32)
        smooth = graph.constant(f"{name}.smoothing", (inside / factor).astype(np.float32))
        smoothed = graph.add("Mul", [inputs, smooth], f"{name}.smoothed")
        int8, scale = to_int8(weight * factor[:, None] * inside[:, None], axis=0, largest=MOST_WEIGHT)
        constants = [graph.constant(f"{name}.int8", int8), graph.constant(f"{name}.scale", scale)]
        operands = [smoothed, *constants, "", graph.constant(f"{name}.bias")]
        product = graph.add(".DynamicQuantizeMatMul", operands, f"{name}.inside")
        outlying = graph.add("Gather", [inputs, graph.constant(f"{name}.few", outliers)], f"{name}.outlying", axis=2)
        exact = graph.add("MatMul", [outlying, graph.constant(f"{name}.exact", weight[outliers])], f"{name}.outside")
        return graph.add("Add", [product, exact], f"{name}.output")

    return apply


def to_int8(values: np.ndarray, axis: int, largest: int = 127) -> tuple[np.ndarray, np.ndarray]:
    """Quantize values to integers up to `largest`; return them and the scale of each column (0) or row (1)."""
    scale = np.abs(values).max(axis, keepdims=True).clip(1e-12) / largest
    return np.round(values / scale).astype(np.int8), scale.astype(np.float32).reshape(-1)


def linear_inputs(model: onnx.ModelProto) -> dict[str, str]:
    """Return the name of each linear layer's input tensor in an fp32 graph, by the layer's name."""
    products = [
        node for node in model.graph.node if node.op_type == "MatMul" and not node.output[0].startswith("heads")
    ]
    return {node.output[0].removesuffix(".product"): node.input[0] for node in products}


def with_outputs(model: onnx.ModelProto, names: Iterable[str]) -> onnx.ModelProto:
    """Return the model with the named inner tensors as further outputs."""
    extended = onnx.ModelProto()
    extended.CopyFrom(model)
    extended.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    return extended


if __name__ == "__main__":  # python -m training.graph writes the encoder's graph
    GRAPH.write_bytes(encoder_model(packaged_weights(packaged_model())).SerializeToString())
