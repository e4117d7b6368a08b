"""python -m training.train DATA RUN: train MiniLM as a reader, on a CPU or a GPU.

DATA is what `training.prepare` wrote. RUN is a folder outside the tree, for the log, the final weights, and a
checkpoint every ten minutes, from which the same command resumes.
"""

import argparse
import json
import math
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from index.minilm import packaged_model
from training.arrays import Arrays
from training.batches import batches, collate
from training.distill import soft_answers, soft_loss
from training.judge import judge
from training.model import Outputs, ReaderNetwork, loss, parameters


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """The hyperparameters of a run.

    `weights` are those of the objectives, `inner` the weight of the inner layers' losses; `shares` say how often an
    epoch has each example of a kind (default 1); `start` is a file with an earlier run's weights; `encoder` the folder
    of another encoder than MiniLM; `teachers` are runs whose answers count `soft`, and the labels the rest.
    """

    epochs: float = 2
    batch_tokens: int = 4096
    rate: float = 1e-4
    decay: float = 0.01
    warmup: float = 0.06
    smoothing: float = 0.02
    average: float = 0.999
    weights: tuple[tuple[str, float], ...] = (
        ("span", 1.0), ("answer", 0.5), ("evidence", 0.5), ("shared_sentence", 0.5), ("shared_words", 0.25),
    )  # fmt: skip
    inner: float = 0.15
    shares: tuple[tuple[str, float], ...] = (
        ("own", 0.3), ("hard", 0.3), ("removed", 0.3), ("natural", 2.0),
        ("no-near-alone", 0.3), ("no-swap-alone", 0.3), ("no-false-alone", 0.3), ("no-follow-alone", 0.3),
    )  # fmt: skip
    seed: int = 1
    start: str | None = None
    encoder: str | None = None
    teachers: tuple[str, ...] = ()
    soft: float = 0.7


def schedule(step: int, steps: int, warmup: float) -> float:
    """Return the share of the full rate at a step: linear warmup, then linear decay to 0."""
    rise = max(1, int(steps * warmup))
    return (step + 1) / rise if step < rise else max(0.0, (steps - step) / max(1, steps - rise))


def load_weights(network: ReaderNetwork, path: Path) -> None:
    """Load an earlier run's weights; if only its last layer had heads, the inner heads are initialised from them."""
    weights = {name: value.float() for name, value in load_file(path).items()}
    for name in [name for name in weights if name.split(".")[0] in ("span", "answer", "evidence")]:
        value = weights.pop(name)
        weights |= {f"{place}.{name}": value for place in ("heads", *(f"inner.{layer}" for layer in network.inner))}
    network.load_state_dict(weights)


def load_teacher(folder: Path) -> ReaderNetwork:
    """Load a finished run's network: the encoder that its log names, else MiniLM, with its averaged weights."""
    path = folder / "log.jsonl"
    first = json.loads(path.read_text(encoding="utf-8").split("\n")[0]) if path.exists() else {"settings": {}}
    network = ReaderNetwork(first["settings"].get("encoder") or packaged_model())
    load_weights(network, folder / "reader.safetensors")
    return network.eval()


class Run:
    """A training run: the network, the moving average of its weights, the optimizer and the step."""

    def __init__(self, settings: TrainingSettings, folder: Path, device: str) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.folder, self.device = settings, folder, device
        self.network = ReaderNetwork(settings.encoder or packaged_model()).to(device)
        if settings.start is not None:
            load_weights(self.network, Path(settings.start))
        self.teachers = [load_teacher(Path(run)).to(device) for run in settings.teachers]
        self.average = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self.optimizer = torch.optim.AdamW(parameters(self.network, settings.rate, settings.decay), fused=True)
        self.rates = [group["lr"] for group in self.optimizer.param_groups]
        self.step = 0

    def train_step(self, batch: dict[str, Tensor], share: float) -> dict[str, float]:
        """Train on one batch at a share of the full rate; return the losses."""
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * share
        with torch.autocast(self.device, dtype=torch.bfloat16):
            layers = self.network.read_layers(batch["tokens"], batch["mask"], batch["sentence"])
            soft = soft_answers(self.teachers, batch) if self.teachers else None
        *inner, losses = [self.losses(outputs, batch, soft) for outputs in layers.values()]
        total = self.weighted(losses) + self.settings.inner * sum(self.weighted(inner_losses) for inner_losses in inner)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        # Averages over few steps at first, so that the initial weights soon count for nothing.
        keep = min(self.settings.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                self.average[name].lerp_(value, 1 - keep) if value.is_floating_point() else None
        return {name: float(value.detach()) for name, value in losses.items()}

    def losses(self, outputs: Outputs, batch: dict[str, Tensor], soft: Outputs | None) -> dict[str, Tensor]:
        """Return each objective's loss: the labels', or the labels' and the teachers' at their shares."""
        hard = loss(outputs, batch, self.settings.smoothing)
        if soft is None:
            return hard
        taught = soft_loss(outputs, soft, batch)
        return {name: (1 - self.settings.soft) * hard[name] + self.settings.soft * taught[name] for name in hard}

    def weighted(self, losses: dict[str, Tensor]) -> Tensor:
        """Return the weighted sum of the objectives' losses."""
        return torch.stack([weight * losses[name] for name, weight in self.settings.weights]).sum()

    def save(self) -> None:
        """Write a checkpoint atomically."""
        state = {"network": self.network.state_dict(), "average": self.average, "step": self.step,
                 "optimizer": self.optimizer.state_dict(), "settings": json.dumps(asdict(self.settings))}  # fmt: skip
        torch.save(state, self.folder / "checkpoint.tmp")
        (self.folder / "checkpoint.tmp").rename(self.folder / "checkpoint.pt")

    def resume(self) -> bool:
        """Load the folder's checkpoint and return True, or False if it has none; exits if its settings differ."""
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return False
        state = torch.load(path, map_location=self.device, weights_only=True)
        if state["settings"] != json.dumps(asdict(self.settings)):
            raise SystemExit(f"{path} is of other settings: {state['settings']}. Name another folder.")
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average, self.step = state["average"], state["step"]
        return True


def order(arrays: Arrays, settings: TrainingSettings) -> Iterator[np.ndarray]:
    """Yield the batches of every epoch, the same each time for a seed."""
    for epoch in range(math.ceil(settings.epochs)):
        seed = settings.seed * 1000 + epoch
        chosen = draw(arrays, dict(settings.shares), np.random.default_rng(seed))
        yield from batches(arrays, chosen, settings.batch_tokens, random.Random(seed))


def draw(arrays: Arrays, shares: dict[str, float], rng: np.random.Generator) -> np.ndarray:
    """Sample an epoch's examples: each as often as its kind's share says, the fractional part at random.

    Examples of one group are drawn together where their shares are equal.
    """
    draws = rng.random(int(arrays.groups.max()) + 1)[arrays.groups]
    draws = np.where(arrays.groups == 0, rng.random(len(arrays)), draws)
    chosen = []
    for i, name in enumerate(arrays.names):
        rows = np.flatnonzero(arrays.kinds == i)
        whole, part = divmod(shares.get(str(name), 1.0), 1)
        chosen += [rows] * int(whole) + [rows[draws[rows] < part]]
    return np.concatenate(chosen)


def train(run: Run, arrays: Arrays, validation: Arrays, minutes: float) -> None:
    """Train for all epochs or `minutes`, whichever ends first; log, save, and validate the averaged weights."""
    planned = list(order(arrays, run.settings))
    steps = int(len(planned) * run.settings.epochs / math.ceil(run.settings.epochs))
    began = saved = time.monotonic()
    seen, recent = 0, []
    while run.step < steps and time.monotonic() - began < 60 * minutes:
        rows = planned[run.step]
        recent.append(run.train_step(collate(arrays, rows, run.device), schedule(run.step, steps, run.settings.warmup)))
        seen += len(rows)
        if run.step % 100 == 0:
            means = {name: round(float(np.mean([losses[name] for losses in recent])), 4) for name in recent[0]}
            recent = []
            log(run.folder, step=run.step, of=steps, per_second=round(seen / (time.monotonic() - began), 1), **means)
        if time.monotonic() - saved > 600:
            run.save()
            saved = time.monotonic()
    run.save()
    save_file(
        {name: value.half().cpu().contiguous() for name, value in run.average.items()},
        run.folder / "reader.safetensors",
    )
    run.network.load_state_dict(run.average)
    log(run.folder, step=run.step, **judge(run.network, validation, run.device))


def log(folder: Path, **values: object) -> None:
    """Append a line of JSON to the run's log, and print it."""
    line = json.dumps(values)
    print(line, flush=True)
    with (folder / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def share(text: str) -> tuple[str, float]:
    """Parse "hard=0.5" into a kind and its share."""
    kind, _, number = text.partition("=")
    return kind, float(number)


def main() -> None:
    """Parse the settings, train, and log."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after so long; the same command goes on")
    parser.add_argument("--shares", nargs="*", type=share, default=TrainingSettings().shares, metavar="KIND=SHARE")
    parser.add_argument("--start", metavar="WEIGHTS", help="go on from an earlier run's reader.safetensors")
    parser.add_argument("--encoder", metavar="FOLDER", help="another encoder than MiniLM: a BERT or an MPNet")
    parser.add_argument(
        "--teachers", nargs="*", default=(), metavar="RUN", help="learn from the mean of these runs' answers"
    )
    for name in ("epochs", "rate", "smoothing", "average", "soft"):
        parser.add_argument(f"--{name}", type=float, default=getattr(TrainingSettings(), name))
    for name in ("batch-tokens", "seed"):
        parser.add_argument(f"--{name}", type=int, default=getattr(TrainingSettings(), name.replace("-", "_")))
    options = parser.parse_args()
    settings = TrainingSettings(
        options.epochs, options.batch_tokens, options.rate, smoothing=options.smoothing, average=options.average,
        shares=tuple(options.shares), seed=options.seed, start=options.start, encoder=options.encoder,
        teachers=tuple(options.teachers), soft=options.soft,
    )  # fmt: skip
    options.run.mkdir(parents=True, exist_ok=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    run = Run(settings, options.run, device)
    log(options.run, resumed=run.resume(), device=device, settings=asdict(settings))
    arrays, validation = Arrays.load(options.data / "train.npz"), Arrays.load(options.data / "validation.npz")
    train(run, arrays, validation, options.minutes)


if __name__ == "__main__":
    main()
