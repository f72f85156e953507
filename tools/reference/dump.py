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
from typing import NoReturn

try:
    from gpt_reference.checkpoint import open_checkpoint
    from gpt_reference.own import own_gpt
    from gpt_reference.plain import ACTIVATIONS, PlainGpt
    from gpt_reference.reference import JSON, Case, Continuation, Model, write_reference
except ModuleNotFoundError as missing:
    sys.exit(f"error: {missing}; PyTorch 1.13 or later and NumPy are needed (Debian: python3-torch)")


def token_ids(text: str) -> list[int]:
    """`1,2,3`, or what `mygpt-rt tokenize --json` prints."""
    try:
        parts = json.loads(text)["ids"] if text.lstrip().startswith("{") else text.replace(",", " ").split()
        ids = [int(part) for part in parts]
    except (KeyError, TypeError, ValueError):
        raise argparse.ArgumentTypeError(f"'{text[:100]}' are no token ids; 30,27,25 are, or what mygpt-rt tokenize --json prints") from None
    if not ids:
        raise argparse.ArgumentTypeError("no token ids in it")
    return ids


def positive(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"'{text}' is no number above 0")
    return int(text)


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message} (--help lists what may be given)\n")


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("checkpoint", type=Path, help="file, or folder that holds it; with --own transformers whatever from_pretrained takes")
    add("--ids", type=token_ids, action="append", default=[], metavar="1,2,3", help="token ids of a prompt, or the output of "
        "mygpt-rt tokenize --json; may be repeated")
    add("--like", type=Path, metavar="JSON", help="prompts and continuations of another reference")
    add("--greedy", type=positive, default=0, metavar="N", help="continue each --ids by N tokens")
    add("--last", action="store_true", help="logits of the last position only")
    add("--hidden", action="store_true", help="the result of every operation too; with --own of those that can be seen")
    add("--out", type=Path, required=True, metavar="FOLDER", help="where the reference is written")
    add("--own", metavar="MODULE[:CLASS]", help="run your own model: the Python module with its class, GPT unless named; or transformers")
    add("--context", type=positive, help="context length, with --own where neither checkpoint nor model shows it")
    add("--heads", type=positive, help="number of heads, where the checkpoint does not say it")
    add("--activation", choices=ACTIVATIONS, help="the MLP's nonlinearity, instead of what the checkpoint or its family says")
    add("--trust-pickle", action="store_true", help="load a file that PyTorch refuses as weights only, even if that runs code that is in it")
    arguments = parser.parse_args()
    if not arguments.ids and not arguments.like:
        parser.error("give --ids or --like")
    if arguments.own and (arguments.heads or arguments.activation):
        parser.error("--heads and --activation are for a checkpoint without --own: a class knows its own")
    if arguments.context and not arguments.own:
        parser.error("--context is for --own; without it the checkpoint shows the context")
    if arguments.greedy and not arguments.ids:
        parser.error("--greedy continues --ids; those of --like are continued as there")
    return arguments


def prompts(arguments: argparse.Namespace) -> tuple[list[Case], list[Continuation]]:
    cases = [Case(f"prompt{i}", ids, arguments.last) for i, ids in enumerate(arguments.ids)]
    greedy = [Continuation(case.name, case.ids, arguments.greedy) for case in cases if arguments.greedy]
    if arguments.like:
        try:
            other = json.loads(arguments.like.read_text("utf-8"))
            cases += [Case(item.get("name", f"case{i}"), item["prompt_ids"], arguments.last or item.get("logits_positions") == "last")
                      for i, item in enumerate(other.get("cases", []))]
            greedy += [Continuation(item.get("name", f"greedy{i}"), item["prompt_ids"], len(item["ids"]))
                       for i, item in enumerate(other.get("greedy", []))]
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"{arguments.like} is no reference: {type(error).__name__}: {error}") from None
        if not (cases or greedy):
            raise ValueError(f"{arguments.like} has neither cases nor continuations")
    return cases, greedy


def run(arguments: argparse.Namespace) -> None:
    cases, greedy = prompts(arguments)
    model: Model
    if arguments.own:
        model = own_gpt(arguments.own, arguments.checkpoint, arguments.trust_pickle, arguments.context)
    else:
        model = PlainGpt(open_checkpoint(arguments.checkpoint, arguments.trust_pickle), arguments.heads, arguments.activation)
    print(model)
    reference = write_reference(model, arguments.out, cases, greedy, arguments.hidden, checkpoint=arguments.checkpoint.name, computed_by=str(model))
    for case in reference["cases"]:
        rows, columns = case["logits_shape"]
        print(f"{case['name']}: {rows} x {columns} logits, float32 is within {case['max_abs_diff_f32_f64']:.1e} of float64")
    for item in reference["greedy"]:
        print(f"{item['name']}: {len(item['ids'])} greedy tokens, each ahead of the second by {item['min_margin']:.1e} or more")
    if reference["cases"] and arguments.hidden:
        seen, missing = len(reference["cases"][0].get("hidden", {}).get("operations", [])), reference["hidden_not_seen"]
        print(f"hidden states: {seen or 'no'} operations" + (f"; not seen: {', '.join(missing)} (README.md, Hidden states)" if missing else ""))
    print(arguments.out / JSON)


def main() -> None:
    arguments = parse_arguments()
    try:
        run(arguments)
    except ModuleNotFoundError as error:
        sys.exit(f"error: {error}; PYTHONPATH says in which folders modules lie")
    except OSError as error:
        sys.exit(f"error: {error.filename}: {error.strerror}" if error.filename and error.strerror else f"error: {error}")
    except (ValueError, ImportError) as error:
        sys.exit(f"error: {error}")
    except (IndexError, RuntimeError) as error:   # a shape that does not fit
        if arguments.own:
            raise
        sys.exit(f"error: {arguments.checkpoint}: {(str(error).splitlines() or [type(error).__name__])[0]}")


if __name__ == "__main__":
    main()
