"""Opens a checkpoint: its tensors, and what it says of the model."""
from __future__ import annotations

import inspect
import json
import math
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .files import is_safetensors

STATE_KEYS, CONFIG_KEYS = ("model", "model_state_dict", "state_dict"), ("model_args", "config")
IN_FOLDER = ("model.safetensors", "pytorch_model.bin", "ckpt.pt")
SAFETENSORS = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
               "I64": torch.int64, "I32": torch.int32, "U8": torch.uint8, "BOOL": torch.bool}
FLOAT_REFUSED = "Unsupported operand 71"   # BINFLOAT
REFUSALS = ("Unsupported operand", "Unsupported class", "Unsupported global", "Trying to call", "Trying to instantiate", "Can only build")


@dataclass(frozen=True)
class Checkpoint:
    state: dict[str, Tensor]   # names and types as in the file
    config: dict[str, Any]     # model_args, config, or config.json beside the file; empty where there is none


def open_checkpoint(path: Path, trust_pickle: bool = False) -> Checkpoint:
    """Reads a file, or the one of a usual name in a folder."""
    if path.is_dir():
        found = [path / name for name in IN_FOLDER if (path / name).exists()]
        if not found:
            shards = "; it holds shards, which transformers reads: --own transformers" if any(path.glob("*.index.json")) else "; name the file"
            raise ValueError(f"{path} has no {', '.join(IN_FOLDER)}{shards}")
        path = found[0]
    root = read_safetensors(path) if is_safetensors(path) else read_pickle(path, trust_pickle)
    if not isinstance(root, dict):
        raise ValueError(f"{path} holds a {type(root).__name__}, not a dictionary with tensors; save the state_dict() of a model")
    config = next((root[key] for key in CONFIG_KEYS if key in root), None)
    if config is None:
        beside = path.parent / "config.json"
        config = json_object(beside, beside.read_bytes()) if beside.exists() else {}
    if not (isinstance(config, dict) or hasattr(config, "__dict__")):
        raise ValueError(f"{path}: its config is a {type(config).__name__}, not a dictionary")
    config = dict(config) if isinstance(config, dict) else dict(vars(config))   # build-nanogpt saves an object
    if isinstance(root.get("activation"), str):
        config.setdefault("activation", root["activation"])
    state = next((root[key] for key in STATE_KEYS if isinstance(root.get(key), dict)), root)
    tensors = {name: value for name, value in state.items() if isinstance(name, str) and isinstance(value, Tensor)}
    if not tensors:
        raise ValueError(f"{path} has no tensors in it; save the state_dict() of a model")
    if odd := [name for name, value in tensors.items() if value.layout != torch.strided or value.is_quantized]:
        raise ValueError(f"{path}: {odd[0]} is sparse or quantised, which is not read")
    for name, value in tensors.items():   # PyTorch 1.13 hands out a tensor larger than its numbers, and reads past them
        if (getattr(value, "untyped_storage", None) or value.storage)().nbytes() > path.stat().st_size:
            raise ValueError(f"{path}: {name} of shape {tuple(value.shape)} has more numbers than the file")
    return Checkpoint(tensors, config)


def read_pickle(path: Path, trust: bool) -> Any:
    """Of what torch.save wrote only tensors and plain containers are read, unless the user trusts the file."""
    if "weights_only" not in inspect.signature(torch.load).parameters:
        raise ValueError(f"PyTorch 1.13 or later is needed, and this is {torch.__version__}")
    try:
        return torch.load(path, map_location="cpu", weights_only=not trust)
    except Exception as error:   # a damaged pickle may end in any
        lines = str(error).rpartition("WeightsUnpickler error: ")[2].splitlines()
        reason = f"{type(error).__name__}: {error}" if trust else lines[0] if lines else type(error).__name__
    if trust or not reason.startswith(REFUSALS):
        raise ValueError(f"{path}: PyTorch does not read it: {reason.splitlines()[0]}")
    if reason == FLOAT_REFUSED:
        reason = "a floating-point number beside the tensors, which PyTorch 2 takes"
    raise ValueError(f"{path}: PyTorch {torch.__version__} does not load it as weights only ({reason}); if you trust the file, "
                     "because you made it, for instance: --trust-pickle, which runs whatever code is in it")


def read_safetensors(path: Path) -> dict[str, Any]:
    """8 bytes with the length of a JSON header, the header, the numbers."""
    data = bytearray(path.read_bytes())
    start = 8 + int.from_bytes(data[:8], "little")
    if start > len(data):
        raise ValueError(f"{path} is cut short or damaged: a header up to byte {start}, and {len(data)} bytes in the file")
    tensors: dict[str, Any] = {}
    for name, entry in json_object(path, data[8:start]).items():
        if name == "__metadata__":
            continue
        try:
            dtype, shape, (first, end) = SAFETENSORS[entry["dtype"]], [int(size) for size in entry["shape"]], entry["data_offsets"]
        except (KeyError, TypeError, ValueError):
            raise ValueError(f"{path}: {name} is {json.dumps(entry)[:100]}, which is not read") from None
        count = math.prod(shape)
        if min(shape, default=0) < 0 or not 0 <= first <= end <= len(data) - start or count * torch.empty(0, dtype=dtype).element_size() != end - first:
            raise ValueError(f"{path}: {name} of shape {shape} is not what lies in bytes {first} to {end} of the data")
        numbers = torch.frombuffer(data, dtype=dtype, count=count, offset=start + first) if count else torch.empty(0, dtype=dtype)
        tensors[name] = numbers.reshape(shape)
    return tensors


def json_object(path: Path, text: bytes | bytearray) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: no JSON: {error}") from None
    if not isinstance(value, dict):
        raise ValueError(f"{path}: JSON, but no object")
    return value


def value_of(config: dict[str, Any], names: tuple[str, ...], kind: type, default: Any) -> Any:
    """The first of these that the config has, which may be anything in a file of a stranger's."""
    name = next((name for name in names if config.get(name) is not None), None)
    if name is not None and not isinstance(config[name], kind):
        raise ValueError(f"the checkpoint's {name} is {config[name]!r:.50}, which is of no type that it can have")
    return default if name is None else config[name]
