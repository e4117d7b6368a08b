"""python -m training.average OUT RUN RUN ...: write the mean of several runs' weights as a new run.

Averaging runs that start from the same weights is often better than the best of them (Wortsman et al., "Model soups",
ICML 2022).
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

WEIGHTS = "reader.safetensors"


def average(weights: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """The mean of each tensor, in half precision."""
    return {name: torch.stack([run[name].float() for run in weights]).mean(0).half() for name in weights[0]}


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
