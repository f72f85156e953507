"""Runs a model in float32 and in float64 and writes what `mygpt-rt verify` reads (docs/reference-logits.md)."""
from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, Iterable, Iterator, Protocol

import torch
from torch import Tensor

JSON, LOGITS_F32, LOGITS_F64, HIDDEN = "reference.json", "logits.f32.bin", "logits.f64.bin", "hidden.f64.bin"


class Model(Protocol):
    """What is run: PlainGpt or OwnGpt."""

    context_length: int
    vocab_size: int

    def forward(self, ids: list[int], dtype: torch.dtype, hidden: bool = False) -> dict[str, Tensor]: ...


@dataclass(frozen=True)
class Case:
    """A prompt whose logits are written: of all positions, or of the last."""
    name: str
    ids: Iterable[int]
    only_last: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", [int(id) for id in self.ids])   # a notebook's may be a tensor


@dataclass(frozen=True)
class Continuation:
    """A prompt that is continued greedily by so many tokens, as generate() of the tutorials does it."""
    name: str
    ids: Iterable[int]
    count: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", [int(id) for id in self.ids])


@torch.no_grad()
def write_reference(model: Model, folder: Path, cases: list[Case], continuations: list[Continuation],
                    hidden: bool = False, **notes: Any) -> dict[str, Any]:
    """Writes the JSON file and those of the numbers, all or none, and returns what is in the former; notes are further keys of it."""
    for case in cases:
        check(model, case.name, case.ids, model.context_length)
    for item in continuations:
        check(model, item.name, item.ids)
    with unfinished(folder) as new:
        with FileIO(new / LOGITS_F32, "w") as single, FileIO(new / LOGITS_F64, "w") as double, FileIO(new / HIDDEN, "w") as steps:
            written = [write_case(model, case, single, double, steps if hidden else None) for case in cases]
            has_hidden = steps.tell() > 0
        reference = {**notes, "torch": torch.__version__, "logits_file": LOGITS_F32, "logits_f64_file": LOGITS_F64}
        if hidden:
            reference["hidden_not_seen"] = getattr(model, "not_seen", [])
        reference |= {"cases": written, "greedy": [continue_greedily(model, item) for item in continuations]}
        lines = [f"{json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in reference.items()]
        with FileIO(new / JSON, "w") as file:
            put(file, ("{\n" + ",\n".join(lines) + "\n}\n").encode())
        for name in (JSON, HIDDEN):   # of an earlier run
            (folder / name).unlink(missing_ok=True)
        for name in (LOGITS_F32, LOGITS_F64, *([HIDDEN] if has_hidden else []), JSON):
            (new / name).replace(folder / name)
    return reference


@contextmanager
def unfinished(folder: Path) -> Iterator[Path]:
    """A folder in the given one for files that are not whole yet. If they never are, no folder that was made for them stays."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=folder) as new:
            yield Path(new)
    except BaseException:
        with suppress(OSError):   # somebody else has put a file there
            for path in missing:
                path.rmdir()
        raise


def check(model: Model, name: str, ids: list[int], most: int | None = None) -> None:
    if not ids:
        raise ValueError(f"{name}: no token ids")
    if stranger := next((str(id) for id in ids if not 0 <= id < model.vocab_size), None):
        raise ValueError(f"{name}: {stranger} is no token id: the vocabulary has V = {model.vocab_size} tokens, 0 to {model.vocab_size - 1}")
    if most is not None and len(ids) > most:
        raise ValueError(f"{name}: {len(ids)} tokens, and the context holds {most}")


def write_case(model: Model, case: Case, single: FileIO, double: FileIO, steps: FileIO | None) -> dict[str, Any]:
    in_f32, in_f64 = (run(model, case.name, case.ids, dtype, steps is not None) for dtype in (torch.float32, torch.float64))
    first = len(case.ids) - 1 if case.only_last else 0
    offset = append(double, in_f64["logits"][first:])
    append(single, in_f32["logits"][first:])
    written = {
        "name": case.name, "prompt_ids": case.ids, "logits_positions": "last" if case.only_last else "all",
        "logits_offset": offset, "logits_shape": list(in_f64["logits"][first:].shape),
        "argmax_all": [argmax(row) for row in in_f64["logits"]],
        "max_abs_diff_f32_f64": difference(in_f32["logits"], in_f64["logits"]),
    }
    names = [name for name in in_f64 if name in in_f32 and name != "logits"]
    if steps is not None and names:
        written["hidden"] = {"file": HIDDEN, "dtype": "float64", "operations": [
            {"name": name, "offset": append(steps, in_f64[name]), "shape": list(in_f64[name].shape),
             "max_abs_diff_f32_f64": difference(in_f32[name], in_f64[name])} for name in names]}
    return written


def continue_greedily(model: Model, item: Continuation) -> dict[str, Any]:
    """In float64; past the context the input is cropped to its last tokens, whose positions start at 0 again."""
    ids, margin = list(item.ids), float("inf")
    for _ in range(item.count):
        logits = run(model, item.name, ids[-model.context_length:], torch.float64)["logits"][-1]
        best, second = logits.topk(2).values.tolist()
        margin = min(margin, best - second)
        ids.append(argmax(logits))
    return {"name": item.name, "prompt_ids": item.ids, "ids": ids[len(item.ids):], "min_margin": margin}


def run(model: Model, name: str, ids: list[int], dtype: torch.dtype, hidden: bool = False) -> dict[str, Tensor]:
    values = model.forward(ids, dtype, hidden)
    if wrong := next((step for step, value in values.items() if not bool(torch.isfinite(value).all())), None):
        raise ValueError(f"{name}: {wrong} has NaN or infinite numbers")
    return values


def append(file: FileIO, numbers: Tensor) -> int:
    """Writes little-endian numbers row by row, and returns how many were there before."""
    array = numbers.contiguous().numpy()
    offset = file.tell() // array.itemsize
    put(file, array.astype(array.dtype.newbyteorder("<")).tobytes())
    return offset


def put(file: FileIO, data: bytes) -> None:
    """Writes all of it. On a full disk the system does not say to which file: it is named by the place that it would have had."""
    rest, path = memoryview(data), Path(str(file.name))
    try:
        while rest:
            rest = rest[file.write(rest):]
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path.parent.parent / path.name)) from None


def argmax(logits: Tensor) -> int:
    """The first of equals, which torch.argmax does not promise."""
    return int(logits.numpy().argmax())


def difference(a: Tensor, b: Tensor) -> float:
    return float((a.double() - b).abs().max())
