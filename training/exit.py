"""python -m training.exit DATA [FOLDER]: split a reader's graph in two, so that most windows leave it early.

`reader.onnx` of FOLDER keeps the layers up to EXIT, with heads over their hidden states; `upper.onnx` goes on from
these. The heads are least squares from a token's hidden state to the last layer's scores of it, with weights of their
own for the first token, which stands for the window.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.utils import Extractor

from assistant.reader.network import PACKAGED, UPPER, inputs_of
from index.sessions import in_threads, open_session
from training.arrays import Arrays
from training.export import window_of
from training.graph import OPSETS, with_outputs

EXIT = 3  # the number of the last layer that every window is read by, from 0
FITTED = 4000  # windows
RIDGE = 1.0

Heads = tuple[np.ndarray, np.ndarray]  # of the first token, of the others: (width + 1, 4), biases last


def hidden_name(layer: int) -> str:
    """Return the name of a layer's hidden states in a graph."""
    return f"{layer}.after.output"


def fit_heads(model: onnx.ModelProto, arrays: Arrays, layer: int = EXIT) -> Heads:
    """Fit heads over a layer's hidden states to the last layer's scores, on FITTED windows."""
    session = open_session(with_outputs(model, [hidden_name(layer)]).SerializeToString())

    def read(row: int) -> tuple[np.ndarray, np.ndarray]:
        tokens, begin = window_of(arrays, row)
        scores, hidden = session.run(None, inputs_of(tokens, begin))
        kept = [0, *range(begin, len(tokens) - 1)]
        return np.pad(hidden[0][kept], ((0, 0), (0, 1)), constant_values=1).astype(float), scores[0][kept]

    rows = np.random.default_rng(7).permutation(len(arrays))[:FITTED].tolist()
    sums: list[tuple[np.ndarray, np.ndarray]] = [(np.zeros(()), np.zeros(()))] * 2
    for hidden, scores in in_threads(read, rows):
        for i, some in enumerate((slice(0, 1), slice(1, None))):
            square, product = sums[i]
            sums[i] = square + hidden[some].T @ hidden[some], product + hidden[some].T @ scores[some]
    first, others = (np.linalg.solve(square + RIDGE * np.eye(len(square)), product) for square, product in sums)
    return first.astype(np.float32), others.astype(np.float32)


def split(model: onnx.ModelProto, heads: Heads, layer: int = EXIT) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """Return the graph up to a layer, which gives hidden states and the heads' scores, and the graph from there on."""
    inputs, outputs = [value.name for value in model.graph.input], [value.name for value in model.graph.output]
    hidden = hidden_name(layer)
    extract = Extractor(with_outputs(model, [hidden])).extract_model
    lower, upper = extract(inputs, [hidden]), extract([hidden], outputs)
    lower.graph.node.extend(head_nodes(lower, hidden, heads))
    lower.graph.output.append(helper.make_tensor_value_info("early", onnx.TensorProto.FLOAT, None))
    for half in (lower, upper):
        del half.opset_import[:]
        half.opset_import.extend(OPSETS)
        half.ir_version = model.ir_version
    return lower, upper


def head_nodes(model: onnx.ModelProto, hidden: str, heads: Heads) -> list[onnx.NodeProto]:
    """Add the heads' weights to a graph; return the nodes that apply them to the first token and to the others."""
    constants = {"exit.zero": np.array([0]), "exit.one": np.array([1]), "exit.end": np.array([2**31])}
    for name, weights in zip(("first", "others"), heads, strict=True):
        constants |= {f"exit.{name}.weight": weights[:-1], f"exit.{name}.bias": weights[-1]}
    model.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    nodes = []
    for name, begin, end in (("first", "exit.zero", "exit.one"), ("others", "exit.one", "exit.end")):
        tokens, product, output = f"exit.{name}.tokens", f"exit.{name}.product", f"exit.{name}"
        nodes += [
            helper.make_node("Slice", [hidden, begin, end, "exit.one"], [tokens]),
            helper.make_node("MatMul", [tokens, f"exit.{name}.weight"], [product]),
            helper.make_node("Add", [product, f"exit.{name}.bias"], [output]),
        ]
    return [*nodes, helper.make_node("Concat", ["exit.first", "exit.others"], ["early"], axis=1)]


def save_split(model: onnx.ModelProto, arrays: Arrays, folder: Path) -> None:
    """Write the two parts of a reader's graph."""
    for name, graph in zip(("reader.onnx", UPPER), split(model, fit_heads(model, arrays)), strict=True):
        (folder / name).write_bytes(graph.SerializeToString())


def main() -> None:
    """Split a folder's graph."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with train.npz")
    parser.add_argument("folder", type=Path, nargs="?", default=PACKAGED)
    options = parser.parse_args()
    save_split(onnx.load(options.folder / "reader.onnx"), Arrays.load(options.data / "train.npz"), options.folder)


if __name__ == "__main__":
    main()
