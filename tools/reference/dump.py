#!/usr/bin/env python3
"""Dumps a reference for `mygpt-rt verify` from a PyTorch checkpoint: logits, hidden states, a greedy continuation.

    dump.py out/ckpt.pt --ids 30,27,25 --greedy 20 --hidden --out reference
    PYTHONPATH=~/nanoGPT dump.py out/ckpt.pt --own model --ids 30,27,25 --out reference
    mygpt-rt verify weights.bin reference/reference.json
"""
from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch

from gpt_reference.checkpoint import open_checkpoint
from gpt_reference.own import own_gpt
from gpt_reference.plain import ACTIVATIONS, PlainGpt
from gpt_reference.reference import JSON, Case, Continuation, Model, write_reference


def token_ids(text: str) -> list[int]:
    """`1,2,3`, or what `mygpt-rt tokenize --json` prints."""
    ids = json.loads(text)["ids"] if text.lstrip().startswith("{") else [int(part) for part in text.replace(",", " ").split()]
    if not ids:
        raise ValueError("no token ids")
    return ids


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("checkpoint", type=Path, help="file, or folder that holds it; with --own transformers whatever from_pretrained takes")
    add("--ids", type=token_ids, action="append", default=[], metavar="1,2,3", help="token ids of a prompt, or the output of "
        "mygpt-rt tokenize --json; may be repeated")
    add("--like", type=Path, metavar="JSON", help="prompts and continuations of another reference")
    add("--greedy", type=int, default=0, metavar="N", help="continue each --ids by N tokens")
    add("--last", action="store_true", help="logits of the last position only")
    add("--hidden", action="store_true", help="the result of every operation too")
    add("--out", type=Path, required=True, metavar="FOLDER", help="where the reference is written")
    add("--own", metavar="MODULE", help="run your own model: the Python module with its class GPT, or transformers")
    add("--heads", type=int, help="number of heads, where the checkpoint does not say it")
    add("--activation", choices=ACTIVATIONS, help="the MLP's nonlinearity, instead of what the checkpoint or its family says")
    add("--trust-pickle", action="store_true", help="load the file even if that runs code that is in it")
    arguments = parser.parse_args()
    if not arguments.ids and not arguments.like:
        parser.error("give --ids or --like")
    return arguments


def prompts(arguments: argparse.Namespace) -> tuple[list[Case], list[Continuation]]:
    cases = [Case(f"prompt{i}", ids, arguments.last) for i, ids in enumerate(arguments.ids)]
    greedy = [Continuation(case.name, case.ids, arguments.greedy) for case in cases if arguments.greedy > 0]
    if arguments.like:
        other = json.loads(arguments.like.read_text("utf-8"))
        cases += [Case(item["name"], item["prompt_ids"], arguments.last or item.get("logits_positions") == "last")
                  for item in other.get("cases", [])]
        greedy += [Continuation(item["name"], item["prompt_ids"], len(item["ids"])) for item in other.get("greedy", [])]
    return cases, greedy


def run(arguments: argparse.Namespace) -> None:
    model: Model
    if arguments.own:
        model = own_gpt(arguments.own, arguments.checkpoint, arguments.trust_pickle)
    else:
        model = PlainGpt(open_checkpoint(arguments.checkpoint, arguments.trust_pickle), arguments.heads, arguments.activation)
    print(model)
    cases, greedy = prompts(arguments)
    if too_long := [case.name for case in cases if len(case.ids) > model.context_length]:
        raise ValueError(f"{', '.join(too_long)}: longer than the context, {model.context_length} tokens")
    with torch.no_grad():
        reference = write_reference(model, arguments.out, cases, greedy, arguments.hidden,
                                    checkpoint=arguments.checkpoint.name, computed_by=str(model))
    for case in reference["cases"]:
        rows, columns = case["logits_shape"]
        print(f"{case['name']}: {rows} x {columns} logits, float32 is within {case['max_abs_diff_f32_f64']:.1e} of float64")
    for item in reference["greedy"]:
        print(f"{item['name']}: {len(item['ids'])} greedy tokens, each ahead of the second by {item['min_margin']:.1e} or more")
    print(arguments.out / JSON)


def main() -> None:
    arguments = parse_arguments()
    try:
        run(arguments)
    except (OSError, ValueError, ImportError) as error:
        sys.exit(f"error: {error}")
    except (IndexError, RuntimeError) as error:   # an id that is no token, a shape that does not fit
        if arguments.own:
            raise
        sys.exit(f"error: {arguments.checkpoint}: {error}")


if __name__ == "__main__":
    main()
