"""python -m training.export DATA RUN [OUT]: a run's weights become what the assistant ships.

Writes reader.onnx, in int8, and tokenizer.json to OUT, the package's own folder unless another is named, and
says how far its answers on the validation split are from those of the fp32 network.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from assistant.reader.features import best_span
from assistant.reader.network import PACKAGED, OnnxNetwork
from index.dense import packaged_model
from training.arrays import Arrays
from training.judge import overlap_f1
from training.model import ReaderNetwork
from training.train import load_weights

INPUTS = ["tokens", "mask", "window"]
OUTPUTS = ["start", "end", "answer", "evidence"]
CHECKED = 1000  # windows


def load_network(weights: Path) -> ReaderNetwork:
    """The network of a run, ready to read."""
    network = ReaderNetwork(packaged_model())
    load_weights(network, weights)
    return network.eval()


def export(network: ReaderNetwork, path: Path) -> None:
    """Write the network as fp32 ONNX; batch and length are free."""
    tokens = torch.randint(1000, 20000, (2, 16))
    mask = (torch.arange(16) < torch.tensor([[16], [12]])).long()  # a padded row, or the graph would leave padding out
    window = mask * (torch.arange(16) >= 6)
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length")
    program = torch.onnx.export(
        network, (tokens, mask, window), input_names=INPUTS, output_names=OUTPUTS, dynamo=True,
        dynamic_shapes=[{0: batch, 1: length}] * 3, opset_version=18, verbose=False,
    )  # fmt: skip
    program.save(path, external_data=False)


def quantize(fp32: Path, path: Path) -> None:
    """Write the int8 form: weights by channel in seven bits, so that no processor's sums run over."""
    quantize_dynamic(fp32, path, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)


def save_tokenizer(folder: Path) -> None:
    """Write the tokenizer, MiniLM's own."""
    shutil.copy(packaged_model() / "tokenizer.json", folder / "tokenizer.json")


def judge_reader(folder: Path, arrays: Arrays) -> tuple[float, np.ndarray]:
    """The span F1 of a reader's folder on windows that answer, and the margins of all windows over no answer."""
    network = OnnxNetwork(folder)
    f1, margins = [], []
    for row in range(min(CHECKED, len(arrays))):
        piece = slice(int(arrays.bounds[row]), int(arrays.bounds[row + 1]))
        begin = int(np.flatnonzero(arrays.sentence[piece])[0])
        start, end, _answer, _evidence = network.run([arrays.tokens[piece].tolist()], begin)
        first, last, score = best_span(start[0, begin:-1], end[0, begin:-1])
        margins.append(score - start[0, 0] - end[0, 0])
        if arrays.flags[row] == 3:
            f1.append(overlap_f1((begin + first, begin + last), tuple(int(x) for x in arrays.span[row])))
    return float(np.mean(f1)), np.array(margins)


def main() -> None:
    """Export, measure, and put the weights in their place."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with validation.npz")
    parser.add_argument("run", type=Path, help="the run's folder")
    parser.add_argument("out", type=Path, nargs="?", default=PACKAGED)
    options = parser.parse_args()
    validation = Arrays.load(options.data / "validation.npz")
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        full = Path(name)
        export(load_network(options.run / "reader.safetensors"), full / "reader.onnx")
        save_tokenizer(full)
        save_tokenizer(options.out)
        quantize(full / "reader.onnx", options.out / "reader.onnx")
        (one, margins), (other, rounded) = (judge_reader(folder, validation) for folder in (full, options.out))
    print(f"span F1 fp32 {one:.4f}, int8 {other:.4f}; margins correlate {np.corrcoef(margins, rounded)[0, 1]:.4f}")
    print(f"sha256 {OnnxNetwork(options.out).fingerprint}")


if __name__ == "__main__":
    main()
