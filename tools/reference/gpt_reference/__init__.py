"""Reference logits and hidden states of a GPT, computed by PyTorch in float32 and in float64."""
from .own import OwnGpt
from .reference import Case, Continuation, write_reference

__all__ = ["Case", "Continuation", "OwnGpt", "write_reference"]
