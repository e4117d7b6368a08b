"""python -m training.average OUT RUN RUN ...: the mean of several runs' weights, as a run of its own.

Runs that begin from the same weights can be averaged, and often do better than each (Wortsman et al., "Model
soups", ICML 2022).
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

WEIGHTS = "reader.safetensors"


def average(weights: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """The mean of each tensor, in half precision."""
    return {name: torch.stack([one[name].float() for one in weights]).mean(0).half() for name in weights[0]}


def main() -> None:
    """Read, average, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("runs", type=Path, nargs="+")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    save_file(average([load_file(run / WEIGHTS) for run in options.runs]), options.out / WEIGHTS)


if __name__ == "__main__":
    main()
