"""The forward pass of a GPT written out, one line an operation: needs a checkpoint and no model class."""
from __future__ import annotations

import functools
import math
import numbers
from typing import Any, Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from .checkpoint import Checkpoint, value_of
from .parts import layer_count, weights_of

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu-erf": F.gelu,
    "gelu-tanh": functools.partial(F.gelu, approximate="tanh"),
    "relu": F.relu,
    "silu": F.silu,
}
STATED = {"gelu": "gelu-erf", "gelu_erf": "gelu-erf", "gelu_new": "gelu-tanh", "gelu_tanh": "gelu-tanh", "gelu_pytorch_tanh": "gelu-tanh"}


class PlainGpt:
    """A checkpoint of one of the four families, ready to run."""

    def __init__(self, checkpoint: Checkpoint, heads: int | None = None, activation: str | None = None) -> None:
        self.weights, config = weights_of(checkpoint.state), checkpoint.config
        fused = self.weights.get("0.qkv.weight")
        is_conv1d = fused is not None and fused.shape[1] == 3 * fused.shape[0]      # Hugging Face's matrices are (in, out)
        if is_conv1d:
            self.weights = {name: w.t() if name[0].isdigit() and w.dim() == 2 else w for name, w in self.weights.items()}
        self.heads = heads or value_of(config, ("n_head", "n_heads", "num_heads"), numbers.Integral, 0)
        if self.heads < 1:
            raise ValueError("the checkpoint does not say the number of heads; give --heads")
        is_mygpt = any(".mha.W_Q." in name for name in checkpoint.state)
        self.activation = activation or stated_activation(config) or family_activation(config, is_conv1d, is_mygpt)
        self.epsilon = value_of(config, ("layer_norm_epsilon",), numbers.Real, 1e-5)
        self.is_rms = config.get("norm_type") == "rms"
        self.layers = layer_count(self.weights)
        self.width = self.weights["tokens.weight"].shape[1]
        self.vocab_size = len(self.weights["tokens.weight"])
        self.context_length = len(self.weights["cos" if "cos" in self.weights else "positions.weight"])
        if self.width % self.heads:
            raise ValueError(f"{self.heads} heads do not divide the width of {self.width}")

    def __str__(self) -> str:
        return (f"{self.layers} layers, {self.heads} heads, width {self.width}, context {self.context_length}, "
                f"{'RMSNorm' if self.is_rms else 'LayerNorm'} {self.epsilon:g}, {self.activation}")

    def forward(self, ids: list[int], dtype: torch.dtype, hidden: bool = False) -> dict[str, Tensor]:
        """`logits`, (T, V); before them, if wanted, every operation's result by its name, in the order of computation, (T, width) each."""
        w, steps = self.cast(dtype), {}

        def keep(name: str, value: Tensor) -> Tensor:
            if hidden:
                steps[name] = value
            return value

        x = F.embedding(torch.tensor(ids), w["tokens.weight"])
        x = keep("embedding", x + w["positions.weight"][:len(ids)] if "positions.weight" in w else x)
        for i in range(self.layers):
            norm = keep(f"blocks.{i}.attention_norm", self.norm(w, f"{i}.attention_norm", x))
            matrices = ["qkv"] if f"{i}.qkv.weight" in w else ["q", "k", "v"]
            qkv = keep(f"blocks.{i}.qkv", torch.cat([linear(w, f"{i}.{name}", norm) for name in matrices], -1))
            values = keep(f"blocks.{i}.attention", self.attention(w, qkv))
            x = keep(f"blocks.{i}.attention_residual", x + linear(w, f"{i}.attention_out", values))
            norm = keep(f"blocks.{i}.mlp_norm", self.norm(w, f"{i}.mlp_norm", x))
            active = keep(f"blocks.{i}.mlp_hidden", ACTIVATIONS[self.activation](linear(w, f"{i}.mlp_in", norm)))
            x = keep(f"blocks.{i}.mlp_residual", x + linear(w, f"{i}.mlp_out", active))
        x = keep("final_norm", self.norm(w, "final_norm", x))
        return {**steps, "logits": F.linear(x, w.get("head.weight", w["tokens.weight"]), w.get("head.bias"))}

    def attention(self, w: dict[str, Tensor], qkv: Tensor) -> Tensor:
        """(T, C + 2 C_kv) -> (T, C): each token looks at itself and at those before it."""
        tokens, size, kv_width = len(qkv), self.width // self.heads, (qkv.shape[1] - self.width) // 2
        q, k, v = (x.reshape(tokens, -1, size).transpose(0, 1) for x in qkv.split([self.width, kv_width, kv_width], -1))  # (NH, T, HS)
        if "cos" in w:
            q, k = (rotate(x, w["cos"][:tokens], w["sin"][:tokens]) for x in (q, k))
        k, v = (x.repeat_interleave(len(q) // len(x), 0) for x in (k, v))     # neighbouring heads share keys and values
        future = torch.full((tokens, tokens), -math.inf, dtype=qkv.dtype).triu(1)
        weights = F.softmax(q @ k.transpose(1, 2) / math.sqrt(size) + future, -1)
        return (weights @ v).transpose(0, 1).reshape(tokens, self.width)

    def norm(self, w: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
        if self.is_rms:
            return x / torch.sqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon) * w[f"{name}.weight"]
        return F.layer_norm(x, (self.width,), w[f"{name}.weight"], w.get(f"{name}.bias"), self.epsilon)

    @functools.lru_cache(maxsize=2)
    def cast(self, dtype: torch.dtype) -> dict[str, Tensor]:
        return {name: tensor.to(dtype) for name, tensor in self.weights.items()}


def linear(w: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
    return F.linear(x, w[f"{name}.weight"], w.get(f"{name}.bias"))


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turns neighbours (2i, 2i + 1) of x, (NH, T, HS), by the angles of their position, (T, HS / 2)."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1).flatten(-2)


def stated_activation(config: dict[str, Any]) -> str | None:
    stated = value_of(config, ("activation_function", "activation"), str, None)
    activation = STATED.get(stated, stated)
    if activation is not None and activation not in ACTIVATIONS:
        raise ValueError(f"the checkpoint's activation is {stated}; if it is {', '.join(ACTIVATIONS)}, say so with --activation")
    return activation


def family_activation(config: dict[str, Any], is_conv1d: bool, is_mygpt: bool) -> str:
    """What the families' own code has; a reference guesses nothing beyond that."""
    if is_mygpt:
        return "gelu-erf"
    if is_conv1d:
        return "gelu-tanh"                                        # GPT2Config's default
    if "n_embd" in config:
        # nanoGPT's model_args have a field bias since January 2023; before it, and in build-nanogpt, GELU was the tanh form.
        return "gelu-erf" if "bias" in config else "gelu-tanh"
    raise ValueError("the checkpoint does not say the activation; give --activation: gelu-erf is nn.GELU(), gelu-tanh is "
                     "nn.GELU(approximate='tanh')")
