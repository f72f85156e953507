#!/usr/bin/env python3
"""The losses of text.txt, and of the tutorials' whole validation text, under the fixtures' models, with PyTorch in float64.

    PYTHONPATH=../../../tools/reference python3 losses.py TINYSHAKESPEARE.TXT

Writes text.txt, the first 4,000 characters of the last tenth of Tiny Shakespeare (public domain), which is what the tutorials validate on, and
losses.json: for each model and stride the mean cross entropy and its standard error over blocks of a context's length.
"""
from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

from gpt_reference.checkpoint import open_checkpoint
from gpt_reference.plain import PlainGpt

MODELS = {
    "mygpt_final_shakespeare": "shakespeare.ckpt",
    "mygpt_ch18_old_config": "ch18.ckpt",
    "nanogpt_char_nobias": "ckpt.pt",
    "hf_gpt2_char_bf16": "model.safetensors",
}
LENGTH = 4000


def losses(model: PlainGpt, ids: list[int], stride: int) -> tuple[torch.Tensor, float]:
    """-ln p of every token but the first: windows of context_length inputs, of which the predictions count that no window before has made; and the largest logit."""
    found, reached, largest = [], 1, 0.0
    for begin in range(0, len(ids) - 1, stride):
        end = min(begin + model.context_length + 1, len(ids))
        logits = model.forward(ids[begin:end - 1], torch.float64)["logits"]
        largest = max(largest, float(logits.abs().max()))
        new = end - reached
        found.append(F.cross_entropy(logits[-new:], torch.tensor(ids[begin + 1:end])[-new:], reduction="none"))
        reached = end
        if end == len(ids):
            break
    return torch.cat(found), largest


def standard_error(values: torch.Tensor, block_length: int) -> float:
    blocks, mean = values.split(block_length), values.mean()
    squares = sum(float((block.sum() - mean * len(block)) ** 2) for block in blocks)
    return math.sqrt(squares * len(blocks) / (len(blocks) - 1)) / len(values)


def main() -> None:
    text = Path(sys.argv[1]).read_text("utf-8")
    characters = {character: i for i, character in enumerate(sorted(set(text)))}
    validation = text[int(0.9 * len(text)):]
    Path("text.txt").write_text(validation[:LENGTH], "utf-8")
    cases = []
    for name, file in MODELS.items():
        model = PlainGpt(open_checkpoint(Path("..", name, file), trust_pickle=True))
        context = model.context_length
        for part, strides in ((validation[:LENGTH], (context, context // 4, 7)), (validation, (context,))):
            ids = [characters[character] for character in part]
            for stride in strides:
                found, largest = losses(model, ids, stride)
                cases.append({
                    "model": name, "file": file, "characters": len(part), "context_length": context, "stride": stride, "loss": float(found.mean()),
                    "standard_error": standard_error(found, context), "max_abs_logit": largest,
                })
    lines = ",\n".join(json.dumps(case) for case in cases)
    Path("losses.json").write_text(f'{{"torch": "{torch.__version__}", "cases": [\n{lines}\n]}}\n', "utf-8")


if __name__ == "__main__":
    with torch.no_grad():
        main()
