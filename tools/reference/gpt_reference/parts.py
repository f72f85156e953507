"""Which part of a GPT a module or tensor is, by the name it has in nanoGPT, GPT10.4, myGPT or Hugging Face GPT-2."""
from __future__ import annotations

import re

from torch import Tensor

WRAPPER_NAMES = re.compile(r"(?:_orig_mod\.|module\.)*")   # torch.compile, DataParallel
BLOCK = re.compile(r"(?:h|blocks|layers)\.(\d+)\.(.+)")
ATTENTION, MLP = r"(?:attn|attention|mha)\.", r"(?:mlp|ffn|ff|ffwd|feed_forward)\."
OF_MODEL = {
    "tokens": r"wte|tok_emb|tok_embed|token_embedding|token_embedding\.embedding|embed_tokens",
    "positions": r"wpe|pos_emb|pos_embed|position_embedding",
    "final_norm": r"ln_f|norm|final_norm",
    "head": r"lm_head|head|out_head",
}
OF_BLOCK = {
    "attention_norm": r"ln_1|ln1|norm1",
    "qkv": ATTENTION + r"c_attn",
    "q": ATTENTION + r"(?:W_Q|W_q|q_proj)",
    "k": ATTENTION + r"(?:W_K|W_k|k_proj)",
    "v": ATTENTION + r"(?:W_V|W_v|v_proj)",
    "attention_out": ATTENTION + r"(?:c_proj|W_O|W_o|out_proj|o_proj)",
    "mlp_norm": r"ln_2|ln2|norm2",
    "mlp_in": MLP + r"(?:c_fc|fc1)",
    "mlp_out": MLP + r"(?:c_proj|fc2)",
}
MASK = re.compile(r".*\." + ATTENTION + r"(?:bias|masked_bias|mask|causal_mask)")
ROTARY = re.compile(r".*\." + ATTENTION + r"rope_(cos|sin)")   # the same tables in every block


def unwrapped(name: str) -> str:
    """A name without what wrappers put before it."""
    return WRAPPER_NAMES.sub("", name, count=1)


def part(module: str) -> str | None:
    """`transformer.h.3.ln_1` -> `3.attention_norm`; None for a module that is none of the parts above."""
    module = re.sub(r"^transformer\.", "", unwrapped(module))
    block = BLOCK.fullmatch(module)
    names, own = (OF_BLOCK, block[2]) if block else (OF_MODEL, module)
    found = next((name for name, pattern in names.items() if re.fullmatch(pattern, own)), None)
    return f"{block[1]}.{found}" if found and block else found


def weights_of(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a state dict as `tokens.weight`, `0.qkv.bias` ..., every one; rotary tables as `cos`, `sin`, (T_max, HS / 2)."""
    weights: dict[str, Tensor] = {}
    for name, tensor in state.items():
        module, _, parameter = name.rpartition(".")
        found = part(module)
        if not (tensor.is_floating_point() or MASK.fullmatch(name)):
            raise ValueError(f"{name} has numbers of type {tensor.dtype}, which are no weights")
        if rotary := ROTARY.fullmatch(name):
            weights[rotary[1]] = tensor
        elif found and parameter in ("weight", "bias"):
            weights[f"{found}.{parameter}"] = tensor
        elif not MASK.fullmatch(name):
            raise ValueError(f"{name} {tuple(tensor.shape)} is no tensor of the four families; use your own class with --own")
    absent = ("q", "k", "v") if "0.qkv.weight" in weights else ("qkv",)
    layers = range(min(layer_count(weights), len(weights)))
    needed = ["tokens", "final_norm", *([] if "cos" in weights and "sin" in weights else ["positions"])]
    needed += [f"{i}.{name}" for i in layers for name in OF_BLOCK if name not in absent]
    if missing := [name for name in needed if f"{name}.weight" not in weights]:
        more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
        raise ValueError(f"no tensor is {', '.join(missing[:8])}{more} under a name of the four families; use your own class with --own")
    for name in OF_BLOCK:
        has_bias = [f"{i}.{name}.bias" in weights for i in layers]
        if any(has_bias) and not all(has_bias):
            raise ValueError(f"{name} has a bias in layer {has_bias.index(True)} and none in layer {has_bias.index(False)}")
    return weights


def layer_count(weights: dict[str, Tensor]) -> int:
    return 1 + max((int(name.split(".")[0]) for name in weights if name[0].isdigit()), default=0)
