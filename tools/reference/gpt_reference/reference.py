"""Runs a model in float32 and in float64 and writes what `mygpt-rt verify` reads (docs/reference-logits.md)."""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import torch
from torch import Tensor

JSON, LOGITS_F32, LOGITS_F64, HIDDEN = "reference.json", "logits.f32.bin", "logits.f64.bin", "hidden.f64.bin"


class Model(Protocol):
    """What is run: PlainGpt or OwnGpt."""

    context_length: int

    def forward(self, ids: list[int], dtype: torch.dtype) -> dict[str, Tensor]: ...


@dataclass(frozen=True)
class Case:
    """A prompt whose logits are written: of all positions, or of the last."""
    name: str
    ids: list[int]
    only_last: bool = False


@dataclass(frozen=True)
class Continuation:
    """A prompt that is continued greedily by so many tokens, as generate() of the tutorials does it."""
    name: str
    ids: list[int]
    count: int


def write_reference(model: Model, folder: Path, cases: list[Case], continuations: list[Continuation],
                    hidden: bool = False, **notes: Any) -> dict[str, Any]:
    """Writes the JSON file last, and returns what is in it; notes are further keys of it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / JSON).unlink(missing_ok=True)
    with open(folder / LOGITS_F32, "wb") as single, open(folder / LOGITS_F64, "wb") as double, open(folder / HIDDEN, "wb") as steps:
        written = [write_case(model, case, single, double, steps if hidden else None) for case in cases]
    if not hidden:
        (folder / HIDDEN).unlink()
    reference = {**notes, "torch": torch.__version__, "logits_file": LOGITS_F32, "logits_f64_file": LOGITS_F64,
                 "cases": written, "greedy": [continue_greedily(model, item) for item in continuations]}
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in reference.items()]
    (folder / JSON).write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    return reference


def write_case(model: Model, case: Case, single: BinaryIO, double: BinaryIO, steps: BinaryIO | None) -> dict[str, Any]:
    in_f32, in_f64 = (model.forward(case.ids, dtype) for dtype in (torch.float32, torch.float64))
    if not all(bool(torch.isfinite(value).all()) for value in in_f64.values()):
        raise ValueError(f"case {case.name}: not every number is finite")
    first = len(case.ids) - 1 if case.only_last else 0
    offset = append(double, in_f64["logits"][first:])
    append(single, in_f32["logits"][first:])
    written = {
        "name": case.name, "prompt_ids": case.ids, "logits_positions": "last" if case.only_last else "all",
        "logits_offset": offset, "logits_shape": list(in_f64["logits"][first:].shape),
        "argmax_all": [argmax(row) for row in in_f64["logits"]],
        "max_abs_diff_f32_f64": difference(in_f32["logits"], in_f64["logits"]),
    }
    if steps is not None:
        names = [name for name in in_f64 if name != "logits"]
        if not names:
            raise ValueError("no hidden states: the model's modules have none of the names in gpt_reference/parts.py")
        written["hidden"] = {"file": HIDDEN, "dtype": "float64", "operations": [
            {"name": name, "offset": append(steps, in_f64[name]), "shape": list(in_f64[name].shape),
             "max_abs_diff_f32_f64": difference(in_f32[name], in_f64[name])} for name in names]}
    return written


def continue_greedily(model: Model, item: Continuation) -> dict[str, Any]:
    """In float64; past the context the input is cropped to its last tokens, whose positions start at 0 again."""
    ids, margin = list(item.ids), float("inf")
    for _ in range(item.count):
        logits = model.forward(ids[-model.context_length:], torch.float64)["logits"][-1]
        best, second = logits.topk(2).values.tolist()
        margin = min(margin, best - second)
        ids.append(argmax(logits))
    return {"name": item.name, "prompt_ids": item.ids, "ids": ids[len(item.ids):], "min_margin": margin}


def append(file: BinaryIO, numbers: Tensor) -> int:
    """Writes little-endian numbers row by row, and returns how many were there before."""
    array = numbers.contiguous().numpy()
    offset = file.tell() // array.itemsize
    file.write(array.astype(array.dtype.newbyteorder("<")).tobytes())
    return offset


def argmax(logits: Tensor) -> int:
    """The first of equals, which torch.argmax does not promise."""
    return int(logits.numpy().argmax())


def difference(a: Tensor, b: Tensor) -> float:
    return float((a.double() - b).abs().max())
