"""A small GPT that says itself what each operation gave, in the shapes that people write: for the tests beside it."""
from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

V, T_MAX, C, F, LAYERS, IDS = 11, 7, 6, 10, 2, [3, 0, 10, 5]
PER_BLOCK = ("attention_norm", "qkv", "attention", "attention_residual", "mlp_norm", "mlp_hidden", "mlp_residual")
steps: dict[str, Tensor] = {}   # what the model itself says of its last run


def note(name: str, value: Tensor) -> Tensor:
    steps[name] = value[0].clone()
    return value


class Attention(nn.Module):
    """One head."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.proj = (nn.Linear(C, C) for _ in range(4))

    def forward(self, x: Tensor, at: str) -> Tensor:
        q, k, v = self.query(x), self.key(x), self.value(x)
        note(f"{at}.qkv", torch.cat([q, k, v], -1))
        future = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        return self.proj(note(f"{at}.attention", (q @ k.transpose(1, 2)).masked_fill(future, -torch.inf).softmax(-1) @ v))


class Gated(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w1, self.w2, self.w3 = nn.Linear(C, F), nn.Linear(F, C), nn.Linear(C, F)

    def forward(self, x: Tensor, at: str) -> Tensor:
        return self.w2(note(f"{at}.mlp_hidden", torch.relu(self.w1(x)) * self.w3(x)))


class Block(nn.Module):
    """Under the names of the minGPT of before 2022 unless others are given."""

    def __init__(self, names: tuple[str, ...] = ("ln1", "attn", "ln2", "mlp"), is_post_norm: bool = False, is_parallel: bool = False, gives_tuple: bool = False) -> None:
        super().__init__()
        self.names = names
        for name, module in zip(names, (nn.LayerNorm(C), Attention(), nn.LayerNorm(C), Gated())):
            self.add_module(name, module)
        self.is_post_norm, self.is_parallel, self.gives_tuple = is_post_norm, is_parallel, gives_tuple

    def forward(self, x: Tensor, at: str) -> Any:
        norm, attention, mlp_norm, mlp = (getattr(self, name) for name in self.names)
        if self.is_post_norm:
            x = norm(x + attention(x, at))
            return mlp_norm(x + mlp(x, at))
        y = attention(note(f"{at}.attention_norm", norm(x)), at)
        if self.is_parallel:
            return x + y + mlp(mlp_norm(x), at)
        x = note(f"{at}.attention_residual", x + y)
        x += mlp(note(f"{at}.mlp_norm", mlp_norm(x)), at)   # in place, as some write it
        note(f"{at}.mlp_residual", x)
        return (x, None) if self.gives_tuple else x


class Gpt(nn.Module):
    def __init__(self, gives: Any = lambda logits: logits, last: str = "ln_f", is_shared: bool = False, scale: float = 1, **options: Any) -> None:
        super().__init__()
        self.tok_emb, self.pos_emb = nn.Embedding(V, C), nn.Parameter(torch.randn(1, T_MAX, C))
        self.blocks = nn.ModuleList(Block(**options) for _ in range(LAYERS))
        if is_shared:
            self.blocks.append(self.blocks[0])
        self.head = nn.Linear(C, V)
        self.add_module(last, nn.LayerNorm(C))
        self.gives, self.last, self.scale = gives, last, scale
        with torch.no_grad():
            for parameter in self.parameters():
                parameter += 0.3 * torch.randn_like(parameter)

    def forward(self, ids: Tensor) -> Any:
        steps.clear()
        x = note("embedding", self.tok_emb(ids) + self.pos_emb[:, :ids.shape[1]]) * self.scale
        for i, block in enumerate(self.blocks):
            x = block(x, f"blocks.{i}")
            x = x[0] if isinstance(x, tuple) else x
        return self.gives(note("logits", self.head(note("final_norm", getattr(self, self.last)(x)))))


def plain_state() -> dict[str, Tensor]:
    """Tensors under names of the four families."""
    state = {name.replace("query", "q_proj").replace("key", "k_proj").replace("value", "v_proj").replace("attn.proj", "attn.o_proj"): tensor
             for name, tensor in Gpt().state_dict().items() if "mlp" not in name}
    state |= {f"blocks.{i}.mlp.fc{n}.weight": torch.zeros(C, C) for i in range(LAYERS) for n in (1, 2)}
    state["pos_emb.weight"] = state.pop("pos_emb")[0]
    return state
