#!/usr/bin/env python3
"""What dump.py does with classes that it does not know, with prompts that do not fit, and with files that are no checkpoints; part of check.sh."""
from __future__ import annotations

import io
import json
import pickle
import struct
import tarfile
import tempfile
import unittest
import unittest.mock
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import example_lecture
from gpt_reference import Case, Continuation, OwnGpt, own, write_reference
from gpt_reference.checkpoint import open_checkpoint
from gpt_reference.files import LEGACY_MAGIC
from gpt_reference.plain import PlainGpt

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


class Prompts(unittest.TestCase):
    def test_a_prompt_that_does_not_fit_is_refused_and_nothing_written(self) -> None:
        model = OwnGpt(Gpt(), T_MAX)
        for ids, reason in (([], "p: no token ids"), ([1, V], f"p: {V} is no token id: the vocabulary has V = {V} tokens, 0 to {V - 1}"),
                            ([-1], "p: -1 is no token id"), ([0] * (T_MAX + 1), "p: 8 tokens, and the context holds 7")):
            with tempfile.TemporaryDirectory() as folder, self.assertRaisesRegex(ValueError, reason):
                try:
                    write_reference(model, Path(folder) / "new", [Case("good", IDS), Case("p", ids)], [])
                finally:
                    self.assertEqual(list(Path(folder).iterdir()), [])

    def test_a_continuation_may_be_longer_than_the_context(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            written = write_reference(OwnGpt(Gpt(), T_MAX), Path(folder), [], [Continuation("long", torch.ones(T_MAX + 2), 3)])
        self.assertEqual(len(written["greedy"][0]["ids"]), 3)

    def test_a_run_that_fails_leaves_the_reference_that_was_there(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder)
            write_reference(OwnGpt(Gpt(), T_MAX), out, [Case("a", IDS)], [], hidden=True)
            before = {path.name: path.read_bytes() for path in out.iterdir()}
            with self.assertRaisesRegex(ValueError, "b: logits has NaN or infinite numbers"):
                write_reference(OwnGpt(Gpt(lambda x: x * torch.nan), T_MAX), out, [Case("b", IDS)], [])
            self.assertEqual({path.name: path.read_bytes() for path in out.iterdir()}, before)


class Files(unittest.TestCase):
    def refusal(self, content: bytes, name: str = "a.pt") -> str:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(content)
            with self.assertRaises(ValueError) as refused:
                open_checkpoint(path, trust_pickle=True)   # even then nothing but a file of torch.save is opened as one
        message = str(refused.exception)
        self.assertNotIn("--trust-pickle", message)
        self.assertNotIn("\n", message)
        return message

    def test_what_is_no_checkpoint_is_named(self) -> None:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as program:
            program.writestr("a/constants.pkl", b"")
        tar = io.BytesIO()
        with tarfile.open(fileobj=tar, mode="w") as entries:
            entries.addfile(tarfile.TarInfo("storages"))
        disguised = io.BytesIO()
        with tarfile.open(fileobj=disguised, mode="w", format=tarfile.GNU_FORMAT) as entries:
            entries.addfile(tarfile.TarInfo((b"\x80\x02\x8a\n" + LEGACY_MAGIC + b".").decode("utf-8", "surrogateescape")))
        for content, expected in ((b"", "is empty"), (b"GGUF\3\0\0\0", "is a GGUF file; mygpt-rt converts it"), (struct.pack("<2i", 20240326, 3), "is an llm.c checkpoint"),
                                  (b'{"config": {}, "state_dict": {"wte": [[0.1]]}}', "is JSON, like the file of a microgpt; mygpt-rt converts it"), (b'[1]', "is JSON;"),
                                  ("Grüße\n".encode(), "is a text;"), (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"), (b"\x89MyGPT\r\n", "is a weights.bin"),
                                  (pickle.dumps({"a": 1}), "is a pickle that torch.save did not write"), (bytes(range(1, 99)), "is no checkpoint that is known"),
                                  (archive.getvalue(), "is a TorchScript program"), (archive.getvalue()[:40], "damaged or cut short"), (tar.getvalue(), "is a tar archive"), (disguised.getvalue(), "is a tar archive")):
            self.assertIn(expected, self.refusal(content))

    def test_a_damaged_safetensors_file_is_refused(self) -> None:
        def safetensors(entry: Any, data: bytes = bytes(8)) -> bytes:
            header = json.dumps({"x": entry}).encode()
            return struct.pack("<Q", len(header)) + header + data

        good = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.bin"   # by its content, whatever its name
            path.write_bytes(safetensors(good))
            self.assertEqual(open_checkpoint(path).state["x"].tolist(), [0, 0])
        for changed in ({"shape": [3]}, {"shape": [-2]}, {"data_offsets": [4, 12]}, {"data_offsets": [-4, 4]}, {"data_offsets": [8, 0]}):
            self.assertIn("is not what lies in bytes", self.refusal(safetensors({**good, **changed}), "x.safetensors"))
        for entry in ({**good, "dtype": "F8_E4M3"}, {"dtype": "F32"}, 7, {**good, "shape": None}):
            self.assertIn("which is not read", self.refusal(safetensors(entry), "x.safetensors"))
        self.assertIn("cut short or damaged", self.refusal(safetensors(good)[:20], "x.safetensors"))

    def test_code_in_a_pickle_is_not_run(self) -> None:
        class Hostile:
            def __reduce__(self) -> Any:
                return exec, ("raise SystemExit('code was run')",)

        with tempfile.TemporaryDirectory() as folder:
            for name, is_zip in (("zip.pt", True), ("legacy.pt", False)):
                path = Path(folder) / name
                torch.save({"x": Hostile()}, path, _use_new_zipfile_serialization=is_zip)
                with self.assertRaisesRegex(ValueError, "does not load it as weights only"):
                    open_checkpoint(path)

    def test_a_bias_in_one_layer_only_is_refused(self) -> None:
        state = plain_state()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.pt"
            torch.save(state, path)
            PlainGpt(open_checkpoint(path), heads=1, activation="relu")
            del state["blocks.1.attn.o_proj.bias"]
            torch.save(state, path)
            with self.assertRaisesRegex(ValueError, "attention_out has a bias in layer 0 and none in layer 1"):
                PlainGpt(open_checkpoint(path), heads=1, activation="relu")

    def test_a_config_of_other_types_is_refused(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.pt"
            for config, reason in (([1], "its config is a list, not a dictionary"), ({"n_head": [1]}, r"n_head is \[1\], which is of no type"),
                                   ({"n_head": 1, "activation": {}}, r"activation is {}, which"), ({"n_head": 1, "activation": "relu", "layer_norm_epsilon": "a"}, "layer_norm_epsilon is 'a'")):
                torch.save({"model": plain_state(), "config": config}, path)
                with self.assertRaisesRegex(ValueError, reason):
                    PlainGpt(open_checkpoint(path))

    def test_a_context_of_another_type_is_refused_with_a_class_too(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.pt"
            torch.save({"model": example_lecture.LectureGpt().state_dict(), "config": {"block_size": []}}, path)
            with self.assertRaisesRegex(ValueError, r"block_size is \[\], which is of no type"):
                own.own_gpt("example_lecture:LectureGpt", path, False)


if __name__ == "__main__":
    unittest.main()
