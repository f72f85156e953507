"""The user's own model class, looked into with hooks."""
from __future__ import annotations

import copy
import functools
import importlib
import inspect
import numbers
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .checkpoint import Checkpoint, open_checkpoint, value_of
from .parts import MASK, unwrapped
from .seen import Seen, not_seen, part

CONTEXT_FIELDS = ("block_size", "context_length", "max_seq_len", "seq_len", "context_size", "max_position_embeddings", "n_positions", "n_ctx")

WRAPPERS = {"OptimizedModule": "_orig_mod", "DataParallel": "module", "DistributedDataParallel": "module"}


class OwnGpt:
    """Any module that maps ids, (1, T), to logits, (1, T, V): alone, in a tuple, or as the field `logits`."""

    def __init__(self, module: nn.Module, context_length: int) -> None:
        while type(module).__name__ in WRAPPERS:   # their forward() hides what the class's own takes
            module = module.get_submodule(WRAPPERS[type(module).__name__])
        self.module, self.context_length = module, context_length

    def __str__(self) -> str:
        return f"{type(self.module).__module__}.{type(self.module).__qualname__}, context {self.context_length}"

    @functools.cached_property
    def vocab_size(self) -> int:
        return self.forward([0], torch.float32)["logits"].shape[-1]

    def forward(self, ids: list[int], dtype: torch.dtype, hidden: bool = False) -> dict[str, Tensor]:
        """`logits`, (T, V); before them, if wanted, the operations that can be seen, (T, width) each, in the order of computation."""
        module = self.cast(dtype)
        if not hidden:
            return {"logits": logits_of(module, ids).to(dtype)}
        seen = Seen(module, len(ids))
        try:
            logits = logits_of(module, ids)
        finally:
            seen.remove()
        steps = seen.operations()
        self.not_seen = not_seen(seen.layers, list(steps))
        return {name: value.to(dtype) for name, value in {**steps, "logits": logits}.items()}

    @functools.lru_cache(maxsize=2)
    def cast(self, dtype: torch.dtype) -> nn.Module:
        return copy.deepcopy(self.module).to(device=torch.device("cpu"), dtype=dtype).eval()


def logits_of(module: nn.Module, ids: list[int]) -> Tensor:
    batch = torch.tensor([ids])
    # nanoGPT computes the logits of all positions only when it is asked for a loss.
    wants_targets = "targets" in inspect.signature(module.forward).parameters
    with torch.no_grad():
        output: Any = module(batch, targets=batch) if wants_targets else module(batch)
    output = output["logits"] if isinstance(output, dict) and "logits" in output else getattr(output, "logits", output)
    values = output if isinstance(output, (tuple, list)) else [output]
    for value in values:   # some give the loss first
        if isinstance(value, Tensor) and value.dim() > 1 and value.numel() == len(ids) * value.shape[-1]:
            return value.detach().reshape(len(ids), -1)
    gave = ", ".join(str(tuple(value.shape)) if isinstance(value, Tensor) else type(value).__name__ for value in values)
    raise ValueError(f"{type(module).__qualname__} gives {gave} for ids of shape (1, {len(ids)}), and logits are (1, {len(ids)}, V)")


def own_gpt(code: str, path: Path, trust_pickle: bool, context: int | None = None) -> OwnGpt:
    """A class of a Python module, MODULE:CLASS, or its class GPT, filled from a checkpoint; or what transformers loads."""
    python, class_name = importlib.import_module(code.partition(":")[0]), code.partition(":")[2] or "GPT"
    if code == "transformers":
        module = python.GPT2LMHeadModel.from_pretrained(str(path))
        return OwnGpt(module, context or module.config.n_positions)
    own = getattr(python, class_name, None)
    if not isinstance(own, type):
        raise ValueError(f"{python.__name__} has no class {class_name}; --own {python.__name__}:CLASS says which it is")
    checkpoint = open_checkpoint(path, trust_pickle)
    module = made(own, getattr(python, "GPTConfig", None), checkpoint.config)
    fill(module, checkpoint)
    context = context or value_of(checkpoint.config, CONTEXT_FIELDS, numbers.Integral, None) or positions(module)
    if context is None:
        raise ValueError(f"neither the checkpoint nor {class_name} shows the context length; say it with --context")
    return OwnGpt(module, context)


def made(own: type[nn.Module], config_class: Any, config: dict[str, Any]) -> nn.Module:
    try:
        if config_class is not None:
            return own(config_class(**config))
        return own(**{key: config[key] for key in inspect.signature(own).parameters if key in config})
    except (AttributeError, KeyError, TypeError) as error:
        has = f"the config, {', '.join(map(str, config))}" if config else "no config"
        raise ValueError(f"{own.__qualname__} cannot be made, with {has}: {error}; make it in a script of yours "
                         "(README.md, A model made in another way)") from error


def fill(module: nn.Module, checkpoint: Checkpoint) -> None:
    try:
        result = module.load_state_dict({unwrapped(name): tensor for name, tensor in checkpoint.state.items()}, strict=False)
    except RuntimeError as error:   # a line for each tensor of another shape
        raise ValueError(" ".join(str(error).split())) from None
    computed = {name for name, _ in module.named_buffers()}   # what the class computes itself may be missing
    strangers = [name for name in result.missing_keys if name not in computed]
    strangers += [name for name in result.unexpected_keys if not (MASK.fullmatch(name) or name.endswith(".tril"))]
    if strangers:
        more = f" and {len(strangers) - 8} more" if len(strangers) > 8 else ""
        raise ValueError(f"{type(module).__qualname__} and the checkpoint do not both have {', '.join(strangers[:8])}{more}")


def positions(module: nn.Module) -> int | None:
    """The number of positions that a learned embedding has."""
    found = [child.num_embeddings for name, child in module.named_modules() if part(name) == "positions" and isinstance(child, nn.Embedding)]
    found += [parameter.shape[-2] for name, parameter in module.named_parameters() if part(name) == "positions" and parameter.dim() > 1]
    return found[0] if found else None
