#!/usr/bin/env python3
"""Compares a reference with another one of the same prompts, number by number: compare.py RECORDED.JSON REFERENCE.JSON

The float64 numbers of both must agree within 1e-12 of the largest. Where the recorded one has float32 logits only, these must not be
further from the other's float64 than it says that its float32 run is from its own (max_abs_diff_f32_f64), which comes to the same.
"""
from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
ROUNDING = 1e-12


def numbers(path: Path, file: str, dtype: str, entry: dict[str, Any], prefix: str = "") -> Array:
    shape, offset = entry[prefix + "shape"], entry.get(prefix + "offset", 0)
    size = 8 if dtype == "float64" else 4
    return np.fromfile(path.parent / file, f"<f{size}", int(np.prod(shape)), offset=offset * size).astype(np.float64).reshape(shape)


def logits(path: Path, reference: dict[str, Any], case: dict[str, Any]) -> tuple[Array, bool]:
    """The logits, in float64 if there are such, and whether there are."""
    file = reference.get("logits_f64_file")
    dtype = "float64" if file else reference.get("dtype", "float32")
    return numbers(path, file or reference["logits_file"], dtype, case, "logits_"), dtype == "float64"


def hidden(path: Path, case: dict[str, Any]) -> dict[str, Array]:
    entry = case.get("hidden", {})
    return {item["name"]: numbers(path, entry["file"], entry["dtype"], item) for item in entry.get("operations", [])}


def main() -> None:
    paths = [Path(argument) for argument in sys.argv[1:3]]
    recorded, other = (json.loads(path.read_text("utf-8")) for path in paths)
    problems: list[str] = []
    largest, operations = 0.0, 0
    for mine in other["cases"]:
        name = mine["name"]
        theirs = next(case for case in recorded["cases"] if case["name"] == name)
        (expected, is_f64), (actual, _) = logits(paths[0], recorded, theirs), logits(paths[1], other, mine)
        limit = ROUNDING * float(np.abs(expected).max()) + (0 if is_f64 else theirs["max_abs_diff_f32_f64"])
        apart = float(np.abs(expected - actual).max())
        largest = max(largest, apart)
        if not apart <= limit:
            problems.append(f"{name}: logits differ by {apart:.1e}, at most {limit:.1e} may be")
        if "argmax_all" in theirs and theirs["argmax_all"] != mine["argmax_all"]:
            problems.append(f"{name}: argmax_all differs")
        left, right = hidden(paths[0], theirs), hidden(paths[1], mine)
        if left and list(left) != list(right):
            problems.append(f"{name}: other operations, or in another order")
        for step in (step for step in left if step in right):
            operations += 1
            if left[step].shape != right[step].shape or not np.abs(left[step] - right[step]).max() <= ROUNDING * np.abs(left[step]).max():
                problems.append(f"{name}: {step} differs")
    for mine in other["greedy"]:
        if not any(item["name"] == mine["name"] and item["ids"] == mine["ids"] for item in recorded["greedy"]):
            problems.append(f"{mine['name']}: the greedy continuation differs")
    if problems:
        sys.exit("; ".join(problems[:3]) + (f"; and {len(problems) - 3} more" if len(problems) > 3 else ""))
    also = f"{operations} hidden states, " if operations else ""
    print(f"{len(other['cases'])} cases, {also}{len(other['greedy'])} continuations: {largest:.1e}")


if __name__ == "__main__":
    main()
