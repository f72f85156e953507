"""The user's own model class, looked into with hooks."""
from __future__ import annotations

import copy
import functools
import importlib
import inspect
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .checkpoint import open_checkpoint
from .parts import MASK, part, unwrapped


class OwnGpt:
    """Any module that maps ids, (1, T), to logits, (1, T, V): alone, first in a tuple, or as the field `logits`."""

    def __init__(self, module: nn.Module, context_length: int) -> None:
        self.module, self.context_length = module, context_length

    def __str__(self) -> str:
        return f"{type(self.module).__module__}.{type(self.module).__qualname__}, context {self.context_length}"

    def forward(self, ids: list[int], dtype: torch.dtype) -> dict[str, Tensor]:
        """`logits`, (T, V), and before them the operations whose modules have names that we know, (T, width) each."""
        module, got, gave = self.cast(dtype), {}, {}

        def watch(name: str) -> Any:
            def hook(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
                got[name], gave[name] = inputs[0].detach()[0].clone(), output.detach()[0].clone()
            return hook

        hooks = [child.register_forward_hook(watch(found)) for name, child in module.named_modules()
                 if (found := part(name)) is not None and found not in ("tokens", "positions", "head")]
        try:
            logits = logits_of(module, torch.tensor([ids]))
        finally:
            for hook in hooks:
                hook.remove()
        return {**operations(got, gave), "logits": logits}

    @functools.lru_cache(maxsize=2)
    def cast(self, dtype: torch.dtype) -> nn.Module:
        return copy.deepcopy(self.module).to(device=torch.device("cpu"), dtype=dtype).eval()


def logits_of(module: nn.Module, ids: Tensor) -> Tensor:
    # nanoGPT computes the logits of all positions only when it is asked for a loss.
    wants_targets = "targets" in inspect.signature(module.forward).parameters
    with torch.no_grad():
        output: Any = module(ids, targets=ids) if wants_targets else module(ids)
    logits: Tensor = output[0] if isinstance(output, tuple) else getattr(output, "logits", output)
    return logits.reshape(ids.shape[1], -1)


def operations(got: dict[str, Tensor], gave: dict[str, Tensor]) -> dict[str, Tensor]:
    """What goes into a part or comes out of it is an operation's result, whatever the code between them looks like."""
    layers = len([name for name in got if name.endswith(".attention_norm")])
    if layers == 0 or "final_norm" not in got:
        return {}
    steps = {"embedding": got["0.attention_norm"]}
    for i in range(layers):
        after = f"{i + 1}.attention_norm" if i + 1 < layers else "final_norm"
        qkv = [gave[f"{i}.{name}"] for name in ("qkv", "q", "k", "v") if f"{i}.{name}" in gave]
        steps[f"blocks.{i}.attention_norm"] = gave[f"{i}.attention_norm"]
        steps[f"blocks.{i}.qkv"] = torch.cat(qkv, -1)
        steps[f"blocks.{i}.attention"] = got[f"{i}.attention_out"]
        steps[f"blocks.{i}.attention_residual"] = got[f"{i}.mlp_norm"]
        steps[f"blocks.{i}.mlp_norm"] = gave[f"{i}.mlp_norm"]
        steps[f"blocks.{i}.mlp_hidden"] = got[f"{i}.mlp_out"]
        steps[f"blocks.{i}.mlp_residual"] = got[after]
    return {**steps, "final_norm": gave["final_norm"]}


def own_gpt(code: str, path: Path, trust_pickle: bool) -> OwnGpt:
    """The class GPT of a Python module, with its GPTConfig where there is one, filled from a checkpoint; or what transformers loads."""
    python = importlib.import_module(code)
    if code == "transformers":
        module = python.GPT2LMHeadModel.from_pretrained(str(path))
        return OwnGpt(module, module.config.n_positions)
    checkpoint = open_checkpoint(path, trust_pickle)
    config = checkpoint.config
    try:
        if hasattr(python, "GPTConfig"):
            module = python.GPT(python.GPTConfig(**config))
        else:
            module = python.GPT(**{key: config[key] for key in inspect.signature(python.GPT).parameters if key in config})
    except (AttributeError, TypeError) as error:
        raise ValueError(f"{code} makes no GPT of the checkpoint's config, {config}: {error}") from error
    result = module.load_state_dict({unwrapped(name): tensor for name, tensor in checkpoint.state.items()}, strict=False)
    if strangers := [name for name in (*result.missing_keys, *result.unexpected_keys) if not MASK.fullmatch(name)]:
        raise ValueError(f"{code}.GPT and the checkpoint do not both have {', '.join(strangers)}")
    context = next((config[key] for key in ("block_size", "context_length", "max_seq_len") if key in config), None)
    if context is None:
        raise ValueError(f"the checkpoint's config, {config}, does not say the context length")
    return OwnGpt(module, context)
