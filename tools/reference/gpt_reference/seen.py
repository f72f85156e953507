"""Hidden states of a class whose code we do not know: what goes into its parts and comes out of them.

The names of the modules, as people give them, say which part one may be. The numbers say whether it is: a value is left out where they
contradict, as those of a block that has its norms after the sums do.
"""
from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor, nn

from .parts import unwrapped

OUTER = re.compile(r"(?:transformer|model|gpt)\.")
BLOCK = re.compile(r"(?:h|blocks|layers|trf_blocks|transformer_blocks)\.(\d+)(?:\.(.+))?")
ATTENTION, MLP = r"(?:attn|attention|self_attn|self_attention|mha|sa|att)\.", r"(?:mlp|ffn|ff|ffwd|feed_forward|feedforward)\."
QUERY, KEY, VALUE = (rf"(?:{x}_proj|{word}|W_{x}|W_{x.upper()}|w{x}|W_{word}|{x}|to_{x})" for x, word in (("q", "query"), ("k", "key"), ("v", "value")))
OF_MODEL = {
    "tokens": r"wte|tok_emb|token_emb|tok_embed|tok_embedding|token_embedding(_table|\.embedding)?|tok_embeddings|embed_tokens|embedding",
    "positions": r"wpe|pos_emb|position_emb|pos_embed|pos_embedding|position_embedding(_table)?|positional_embedding",
    "final_norm": r"ln_f|final_norm|ln_final|norm_f|norm|final_layer_norm|final_ln|rms_f|rmsnorm|final_rmsnorm",
}
OF_BLOCK = {
    "attention_norm": r"ln_?1|norm_?1|rms_?1|rmsnorm1|rms_norm_1|attention_norm|attn_norm|input_layernorm|ln_attn",
    "qkv": ATTENTION + r"(?:c_attn|qkv|qkv_proj|W_qkv|to_qkv)",
    "q": ATTENTION + QUERY, "k": ATTENTION + KEY, "v": ATTENTION + VALUE,
    "attention_out": ATTENTION + r"(?:c_proj|out_proj|o_proj|proj|W_o|W_O|wo|projection|out|to_out)",
    "mlp_norm": r"ln_?2|norm_?2|rms_?2|rmsnorm2|rms_norm_2|ffn_norm|mlp_norm|post_attention_layernorm|ln_mlp",
    "mlp_out": MLP + r"(?:c_proj|fc_?2|down_proj|linear2|down|w_?2|w_down|fc_out|proj|net\.2|layers\.2|2)",
}
OF_HEAD = re.compile(ATTENTION + r"heads\.(\d+)\.(.+)")
MATRICES = ("qkv", "q", "k", "v", "attention_out", "mlp_out")


def part(name: str) -> str | None:
    """`transformer.h.3.ln_1` -> `3.attention_norm`, `blocks.3` -> `3`, `blocks.3.sa.heads.1.key` -> `3.k.1`; None for any other module."""
    name = OUTER.sub("", unwrapped(name), count=1)
    block = BLOCK.fullmatch(name)
    if block is None:
        return matching(OF_MODEL, name)
    if block[2] is None:
        return block[1]
    if head := OF_HEAD.fullmatch(block[2]):
        found = next((x for x, pattern in (("q", QUERY), ("k", KEY), ("v", VALUE)) if re.fullmatch(pattern, head[2])), None)
        return f"{block[1]}.{found}.{int(head[1])}" if found else None
    found = matching(OF_BLOCK, block[2])
    return f"{block[1]}.{found}" if found else None


def matching(patterns: dict[str, str], name: str) -> str | None:
    return next((found for found, pattern in patterns.items() if re.fullmatch(pattern, name)), None)


class Seen:
    """What goes into the parts of a module, and what comes out, while it runs once over T tokens."""

    def __init__(self, module: nn.Module, tokens: int) -> None:
        self.tokens = tokens
        self.got: dict[str, Tensor] = {}
        self.gave: dict[str, Tensor] = {}
        self.called: set[str] = set()
        self.hooks: list[Any] = []
        self.parts: set[str] = set()
        for name, child in module.named_modules(remove_duplicate=False):
            found = part(name)
            if found is None or (found.partition(".")[2].partition(".")[0] in MATRICES and getattr(child, "weight", torch.empty(0)).dim() != 2):
                continue
            self.parts.add(found)
            self.hooks += [child.register_forward_pre_hook(self.before(found)), child.register_forward_hook(self.after(found))]
        for name, parameter in module.named_parameters():
            if part(name) == "positions" and parameter.dim() > 1:   # no module of its own in the minGPT of before 2022
                self.keep(self.gave, "positions", parameter.reshape(-1, parameter.shape[-1])[:tokens])
        self.layers = 1 + max((int(found.partition(".")[0]) for found in self.parts if found[0].isdigit()), default=-1)

    def before(self, found: str) -> Any:
        def hook(_: nn.Module, inputs: tuple[Any, ...]) -> None:
            if found in self.called:   # by two of its names or twice by one: which is meant cannot be told
                self.got.pop(found, None)
            else:
                self.keep(self.got, found, inputs[0] if inputs else None)
        return hook

    def after(self, found: str) -> Any:
        def hook(_: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            if found in self.called:
                self.gave.pop(found, None)
            else:
                self.keep(self.gave, found, output[0] if isinstance(output, tuple) else output)
            self.called.add(found)
        return hook

    def keep(self, where: dict[str, Tensor], found: str, value: Any) -> None:
        """As (T, width). A copy: code may go on in the same memory."""
        if isinstance(value, Tensor) and value.dim() > 1 and value.shape[-2] == self.tokens and value.numel() == self.tokens * value.shape[-1]:
            where[found] = value.detach().reshape(self.tokens, -1).clone()

    def remove(self) -> None:
        for hook in self.hooks:
            hook.remove()

    def operations(self) -> dict[str, Tensor]:
        """Those that were seen, in the order of computation."""
        steps = {"embedding": self.embedding()}
        for i in range(self.layers):
            x, runs_once, after = self.got.get(f"{i}"), f"{i}" in self.got or f"{i}" in self.gave, "final_norm" if i + 1 == self.layers else f"{i + 1}"
            attention_norm, mlp_norm = self.got.get(f"{i}.attention_norm"), self.got.get(f"{i}.mlp_norm")
            is_pre_norm = same(attention_norm, x)
            added, out = self.gave.get(f"{i}.attention_out"), self.got.get(f"{i}.mlp_out")
            is_sum = same(mlp_norm, x + added) if x is not None and added is not None else is_pre_norm and not same(mlp_norm, x)
            steps |= {
                f"blocks.{i}.attention_norm": self.gave.get(f"{i}.attention_norm") if is_pre_norm else None,
                f"blocks.{i}.qkv": self.qkv(i),
                f"blocks.{i}.attention": self.got.get(f"{i}.attention_out"),
                f"blocks.{i}.attention_residual": mlp_norm if is_sum else None,
                f"blocks.{i}.mlp_norm": self.gave.get(f"{i}.mlp_norm") if is_sum else None,
                f"blocks.{i}.mlp_hidden": None if same(out, self.gave.get(f"{i}.mlp_norm")) else out,
                f"blocks.{i}.mlp_residual": self.got.get(after, self.gave.get(f"{i}")) if runs_once else None,
            }
        steps["final_norm"] = self.gave.get("final_norm")
        return {name: value for name, value in steps.items() if value is not None}

    def embedding(self) -> Tensor | None:
        """What the first block gets, if it is the sum of the embeddings and nothing else."""
        x, tokens, positions = self.got.get("0"), self.gave.get("tokens"), self.gave.get("positions")
        return x if tokens is not None and same(x, tokens if positions is None else tokens + positions) else None

    def qkv(self, i: int) -> Tensor | None:
        """All queries, all keys, all values, from one matrix, from three, or from three for each head."""
        if f"{i}.qkv" in self.gave:
            return self.gave[f"{i}.qkv"]
        found: list[Tensor] = []
        for name in ("q", "k", "v"):
            heads = sorted((key for key in self.parts if key.startswith(f"{i}.{name}.")), key=lambda key: int(key.rpartition(".")[2]))
            keys = heads or [f"{i}.{name}"]
            if not all(key in self.gave for key in keys):
                return None
            found += [self.gave[key] for key in keys]
        return torch.cat(found, -1)


def same(a: Tensor | None, b: Tensor | None) -> bool:
    return a is not None and b is not None and a.shape == b.shape and torch.equal(a, b)


def not_seen(layers: int, names: list[str]) -> list[str]:
    """The operations that are none of these; N for the number of every block where it is missing in all."""
    missing = [] if "embedding" in names else ["embedding"]
    for name in ("attention_norm", "qkv", "attention", "attention_residual", "mlp_norm", "mlp_hidden", "mlp_residual"):
        without = [f"blocks.{i}.{name}" for i in range(layers) if f"blocks.{i}.{name}" not in names]
        missing += without if len(without) < layers else [f"blocks.N.{name}"]
    return missing if "final_norm" in names else [*missing, "final_norm"]
