"""python -m training.export DATA RUN [OUT]: export a run's weights as the reader that the assistant loads.

Writes reader.onnx in int8 and tokenizer.json to OUT (default: the package's weights), and prints how far its answers
on the validation split are from those of the fp32 network.
"""

import argparse
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file

from assistant.reader.features import best_span
from assistant.reader.network import PACKAGED, UPPER, OnnxNetwork, inputs_of
from index.minilm import bert_weights, packaged_model
from training.arrays import Arrays
from training.graph import linear_inputs, reader_model, with_outputs
from training.judge import overlap_f1

CALIBRATED, CHECKED = 150, 1000  # windows


def reader_weights(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Rename a network's weights to the graph's names and join the heads into one: start, end, evidence, answer."""
    state = {name: np.asarray(value, dtype=np.float32) for name, value in state.items()}
    named = bert_weights({name.removeprefix("encoder."): value for name, value in state.items()})
    for kind in ("weight", "bias"):
        heads = [state[f"heads.{head}.{kind}"] for head in ("span", "evidence", "answer")]
        named[f"heads.{kind}"] = np.ascontiguousarray(np.concatenate(heads).T)
    return named


def calibrate(weights: dict[str, np.ndarray], arrays: Arrays) -> dict[str, np.ndarray]:
    """Return, for each linear layer, the largest absolute value of each input channel over CALIBRATED windows."""
    model = reader_model(weights)
    inputs = linear_inputs(model)
    names = list(dict.fromkeys(inputs.values()))
    session = onnxruntime.InferenceSession(with_outputs(model, names).SerializeToString())
    maxima: dict[str, np.ndarray] = {}
    for row in np.random.default_rng(1).permutation(len(arrays))[:CALIBRATED].tolist():
        tokens, begin = window_of(arrays, row)
        for name, value in zip(names, session.run(names, inputs_of(tokens, begin)), strict=True):
            maxima[name] = np.maximum(maxima.get(name, 0), np.abs(value[0]).max(0))
    return {layer: maxima[name] for layer, name in inputs.items()}


def window_of(arrays: Arrays, row: int) -> tuple[list[int], int]:
    """Return an example's tokens, and the position at which its window begins."""
    piece = slice(int(arrays.bounds[row]), int(arrays.bounds[row + 1]))
    return arrays.tokens[piece].tolist(), int(np.flatnonzero(arrays.sentence[piece])[0])


def save_reader(model: onnx.ModelProto, folder: Path) -> None:
    """Write a reader's folder: its graph and MiniLM's tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "reader.onnx").write_bytes(model.SerializeToString())
    (folder / UPPER).unlink(missing_ok=True)  # of another graph; see training.exit
    shutil.copy(packaged_model() / "tokenizer.json", folder / "tokenizer.json")


def judge_reader(folder: Path, arrays: Arrays) -> tuple[float, np.ndarray]:
    """Return a reader's mean span F1 on answerable windows, and every window's score margin over no answer."""
    network = OnnxNetwork(folder)
    f1, margins = [], []
    for row in range(min(CHECKED, len(arrays))):
        tokens, begin = window_of(arrays, row)
        start, end = network.run(tokens, begin)[:, :2].T
        first, last, score = best_span(start[begin:-1], end[begin:-1])
        margins.append(score - start[0] - end[0])
        if arrays.flags[row] == 3:
            f1.append(overlap_f1((begin + first, begin + last), tuple(int(x) for x in arrays.span[row])))
    return float(np.mean(f1)), np.array(margins)


def main() -> None:
    """Export to fp32 and int8, compare the two, and keep the int8 one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with validation.npz")
    parser.add_argument("run", type=Path, help="the run's folder")
    parser.add_argument("out", type=Path, nargs="?", default=PACKAGED)
    options = parser.parse_args()
    validation = Arrays.load(options.data / "validation.npz")
    weights = reader_weights(load_file(options.run / "reader.safetensors"))
    with tempfile.TemporaryDirectory() as name:
        fp32 = Path(name)
        save_reader(reader_model(weights), fp32)
        maxima = calibrate(weights, Arrays.load(options.data / "train.npz"))
        save_reader(reader_model(weights, maxima), options.out)
        (fp32_f1, fp32_margins), (int8_f1, int8_margins) = (
            judge_reader(folder, validation) for folder in (fp32, options.out)
        )
    correlation = np.corrcoef(fp32_margins, int8_margins)[0, 1]
    print(f"span F1 fp32 {fp32_f1:.4f}, int8 {int8_f1:.4f}; margins correlate {correlation:.4f}")
    print(f"sha256 {OnnxNetwork(options.out).fingerprint}")


if __name__ == "__main__":
    main()
