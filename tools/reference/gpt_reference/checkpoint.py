"""Opens a checkpoint: its tensors, and what it says of the model."""
from __future__ import annotations

import json
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

STATE_KEYS, CONFIG_KEYS = ("model", "model_state_dict", "state_dict"), ("model_args", "config")
IN_FOLDER = ("model.safetensors", "pytorch_model.bin", "ckpt.pt")
SAFETENSORS = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
               "I64": torch.int64, "I32": torch.int32, "U8": torch.uint8, "BOOL": torch.bool}


@dataclass(frozen=True)
class Checkpoint:
    state: dict[str, Tensor]   # names and types as in the file
    config: dict[str, Any]     # model_args, config, or config.json beside the file; empty where there is none


def open_checkpoint(path: Path, trust_pickle: bool = False) -> Checkpoint:
    """Reads a file, or the one of a usual name in a folder."""
    if path.is_dir():
        found = [path / name for name in IN_FOLDER if (path / name).exists()]
        if not found:
            raise ValueError(f"{path} has no {', '.join(IN_FOLDER)}; name the file")
        path = found[0]
    root = read_safetensors(path) if path.suffix == ".safetensors" else read_pickle(path, trust_pickle)
    if not isinstance(root, dict):
        raise ValueError(f"{path} holds a {type(root).__name__}, not a dictionary with tensors; save the state_dict() of a model")
    config = next((root[key] for key in CONFIG_KEYS if key in root), None)
    if config is None:
        beside = path.parent / "config.json"
        config = json.loads(beside.read_text("utf-8")) if beside.exists() else {}
    config = dict(config) if isinstance(config, dict) else dict(vars(config))   # build-nanogpt saves an object
    if isinstance(root.get("activation"), str):
        config.setdefault("activation", root["activation"])
    state = next((root[key] for key in STATE_KEYS if isinstance(root.get(key), dict)), root)
    return Checkpoint({name: value for name, value in state.items() if isinstance(value, Tensor)}, config)


def read_pickle(path: Path, trust: bool) -> Any:
    """Of what torch.save wrote only tensors and plain containers are read, unless the user trusts the file."""
    try:
        return torch.load(path, map_location="cpu", weights_only=not trust)
    except pickle.UnpicklingError as error:
        reason = str(error).rpartition("WeightsUnpickler error: ")[2].splitlines()[0]
        raise ValueError(f"{path}: PyTorch {torch.__version__} does not load it as weights only ({reason}); if you trust the file, "
                         "because you made it, for instance: --trust-pickle, which runs whatever code is in it") from None
    except (RuntimeError, EOFError) as error:
        raise ValueError(f"{path}: PyTorch does not read it: {str(error).splitlines()[0] if str(error) else 'empty'}") from None


def read_safetensors(path: Path) -> dict[str, Any]:
    """8 bytes with the length of a JSON header, the header, the numbers."""
    data = bytearray(path.read_bytes())
    start = 8 + int.from_bytes(data[:8], "little")
    tensors: dict[str, Any] = {}
    for name, entry in json.loads(data[8:start]).items():
        if name != "__metadata__":
            if entry["dtype"] not in SAFETENSORS:
                raise ValueError(f"{path}: {name} has numbers of type {entry['dtype']}, which are not read")
            first, end = entry["data_offsets"]
            numbers = torch.frombuffer(data[start + first:start + end], dtype=SAFETENSORS[entry["dtype"]])
            tensors[name] = numbers.reshape(entry["shape"])
    return tensors
