"""A model as Karpathy's lecture "Let's build GPT" has one, for `dump.py CHECKPOINT --own example_lecture:LectureGpt`: a class that takes no
config, a head a module, matrices under names of its own, logits in a tuple. Written for this check; run as a script it saves a checkpoint
with numbers of a fixed seed.
"""
from __future__ import annotations

import sys

import torch
import torch.nn.functional as F
from torch import Tensor, nn

VOCABULARY, CONTEXT, LAYERS, HEADS, HEAD_SIZE, HIDDEN = 29, 24, 3, 4, 5, 72
WIDTH = HEADS * HEAD_SIZE


class Head(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.key, self.query, self.value = (nn.Linear(WIDTH, HEAD_SIZE, bias=False) for _ in range(3))
        self.register_buffer("tril", torch.ones(CONTEXT, CONTEXT).tril())

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.shape[1]
        scores = self.query(x) @ self.key(x).transpose(1, 2) / HEAD_SIZE ** 0.5
        return scores.masked_fill(self.tril[:tokens, :tokens] == 0, -torch.inf).softmax(-1) @ self.value(x)


class MultiHeadAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.heads = nn.ModuleList(Head() for _ in range(HEADS))
        self.proj = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(torch.cat([head(x) for head in self.heads], -1))


class FeedForward(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(WIDTH, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.sa, self.ffwd = MultiHeadAttention(), FeedForward()
        self.ln1, self.ln2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.sa(self.ln1(x))
        return x + self.ffwd(self.ln2(x))


class LectureGpt(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.token_embedding_table = nn.Embedding(VOCABULARY, WIDTH)
        self.position_embedding_table = nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
        self.ln_f, self.lm_head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, VOCABULARY)

    def forward(self, ids: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        x = self.token_embedding_table(ids) + self.position_embedding_table(torch.arange(ids.shape[1]))
        logits = self.lm_head(self.ln_f(self.blocks(x)))
        if targets is None:
            return logits, None
        return logits.flatten(0, 1), F.cross_entropy(logits.flatten(0, 1), targets.flatten())


if __name__ == "__main__":
    torch.manual_seed(1)
    model = LectureGpt()
    with torch.no_grad():
        for parameter in model.parameters():   # gains and biases too, which begin as ones and zeros
            parameter += 0.2 * torch.randn_like(parameter)
    torch.save(model.state_dict(), sys.argv[1])
