#!/usr/bin/env python3
"""What is seen of classes that dump.py does not know; part of check.sh."""
from __future__ import annotations

import json
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import torch
from torch import nn

from gpt_reference import Case, Continuation, OwnGpt, own, write_reference
from tiny_gpt import C, IDS, LAYERS, PER_BLOCK, T_MAX, V, Gpt, steps


class HiddenStates(unittest.TestCase):
    def setUp(self) -> None:
        torch.manual_seed(2)

    def check(self, module: nn.Module, missing: list[str]) -> None:
        """All that is seen is what the model says, bit for bit, in its order, and all but the missing is seen."""
        model = OwnGpt(module, T_MAX)
        seen = model.forward(IDS, torch.float64, hidden=True)
        for name, value in seen.items():
            self.assertEqual(value.dtype, torch.float64)
            self.assertTrue(torch.equal(value, steps[name]), name)
        everything = ["embedding", *(f"blocks.{i}.{name}" for i in range(LAYERS) for name in PER_BLOCK), "final_norm", "logits"]
        absent = {name.replace(".N.", f".{i}.") for name in missing for i in range(LAYERS)}
        self.assertEqual(list(seen), [name for name in everything if name not in absent])
        self.assertEqual(model.not_seen, missing)

    def test_every_operation_is_seen(self) -> None:
        self.check(Gpt(), [])

    def test_blocks_may_give_tuples(self) -> None:
        self.check(Gpt(gives_tuple=True), [])
        self.check(Gpt(gives_tuple=True, last="end"), ["final_norm"])

    def test_of_unknown_names_the_stream_between_blocks_is_left(self) -> None:
        self.check(Gpt(names=("first", "mixer", "second", "wide")), [f"blocks.N.{name}" for name in PER_BLOCK[:-1]])

    def test_of_one_unknown_name_its_own_values_are_left_out(self) -> None:
        self.check(Gpt(names=("first", "attn", "ln2", "mlp")), ["blocks.N.attention_norm"])
        self.check(Gpt(names=("ln1", "mixer", "ln2", "mlp")), ["blocks.N.qkv", "blocks.N.attention"])
        self.check(Gpt(names=("ln1", "attn", "second", "mlp")), ["blocks.N.attention_residual", "blocks.N.mlp_norm"])
        self.check(Gpt(names=("ln1", "attn", "ln2", "wide")), ["blocks.N.mlp_hidden"])

    def test_an_embedding_that_is_more_than_a_sum_is_left_out(self) -> None:
        self.check(Gpt(scale=2), ["embedding"])

    def test_norms_after_the_sums_are_left_out(self) -> None:
        model = OwnGpt(Gpt(is_post_norm=True), T_MAX)
        model.forward(IDS, torch.float64, hidden=True)
        self.assertEqual(model.not_seen, [f"blocks.N.{name}" for name in ("attention_norm", "attention_residual", "mlp_norm")])

    def test_parallel_blocks_have_no_sum_after_attention(self) -> None:
        for name, missing in (("attn", []), ("mixer", ["qkv", "attention"])):
            model = OwnGpt(Gpt(names=("ln1", name, "ln2", "mlp"), is_parallel=True), T_MAX)
            model.forward(IDS, torch.float64, hidden=True)
            self.assertEqual(model.not_seen, [f"blocks.N.{operation}" for operation in (*missing, "attention_residual", "mlp_norm")])

    def test_a_block_that_runs_twice_is_left_out(self) -> None:
        model = OwnGpt(Gpt(is_shared=True), T_MAX)
        seen = model.forward(IDS, torch.float64, hidden=True)
        self.assertEqual(list(seen), [*(f"blocks.1.{name}" for name in PER_BLOCK), "final_norm", "logits"])
        for name, value in seen.items():
            self.assertTrue(torch.equal(value, steps[name]), name)

    def test_without_hidden_states_there_are_no_hooks(self) -> None:
        with unittest.mock.patch.object(own, "Seen", side_effect=AssertionError):
            self.assertEqual(list(OwnGpt(Gpt(), T_MAX).forward(IDS, torch.float64)), ["logits"])

    def test_a_module_with_no_known_part_gives_logits(self) -> None:
        module = nn.Sequential(nn.Embedding(V, C), nn.Linear(C, V))
        with tempfile.TemporaryDirectory() as folder:
            written = write_reference(OwnGpt(module, T_MAX), Path(folder), [Case("a", IDS)], [Continuation("a", IDS, 9)], hidden=True)
            self.assertEqual(json.loads((Path(folder) / "reference.json").read_text("utf-8")), written)
            self.assertEqual(sorted(path.name for path in Path(folder).iterdir()), ["logits.f32.bin", "logits.f64.bin", "reference.json"])
            self.assertEqual((Path(folder) / "logits.f64.bin").stat().st_size, 8 * len(IDS) * V)
        self.assertNotIn("hidden", written["cases"][0])
        self.assertEqual(written["hidden_not_seen"], ["embedding", *(f"blocks.N.{name}" for name in PER_BLOCK), "final_norm"])

    def test_logits_in_whatever_they_are(self) -> None:
        for gives in (lambda x: (x, None), lambda x: (x.sum(), x), lambda x: {"logits": x}, lambda x: [x.flatten(0, 1)], lambda x: x.float()):
            for hidden in (False, True):
                logits = OwnGpt(Gpt(gives), T_MAX).forward(IDS, torch.float64, hidden)["logits"]
                self.assertEqual(logits.dtype, torch.float64)
                self.assertTrue(torch.allclose(logits, steps["logits"], atol=1e-6))

    def test_a_wrapped_model_is_taken_out(self) -> None:
        module, compiled = Gpt(), type("OptimizedModule", (nn.Module,), {})()
        compiled._orig_mod = module
        self.assertIs(OwnGpt(nn.DataParallel(compiled), T_MAX).module, module)

    def test_what_are_no_logits_is_said(self) -> None:
        with self.assertRaisesRegex(ValueError, r"gives \(\), NoneType for ids of shape \(1, 4\), and logits are \(1, 4, V\)"):
            OwnGpt(Gpt(lambda x: (x.sum(), None)), T_MAX).forward(IDS, torch.float64)


if __name__ == "__main__":
    unittest.main()
