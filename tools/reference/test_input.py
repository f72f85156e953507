#!/usr/bin/env python3
"""What dump.py does with prompts that do not fit, and with files that are no checkpoints; part of check.sh."""
from __future__ import annotations

import errno
import io
import json
import pickle
import resource
import struct
import tarfile
import tempfile
import unittest
import zipfile
from pathlib import Path
from typing import Any

import torch

import example_lecture
from gpt_reference import Case, Continuation, OwnGpt, own, write_reference
from gpt_reference.checkpoint import open_checkpoint
from gpt_reference.files import LEGACY_MAGIC
from gpt_reference.plain import PlainGpt
from gpt_reference.reference import JSON, LOGITS_F64
from tiny_gpt import IDS, T_MAX, V, Gpt, plain_state


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

    def test_a_run_that_fails_leaves_no_folder_that_it_made(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            there = Path(folder) / "there"
            there.mkdir()
            for out in (there, there / "new", Path(folder) / "a" / "b"):
                with self.assertRaisesRegex(ValueError, "p: logits has NaN or infinite numbers"):
                    write_reference(OwnGpt(Gpt(lambda x: x * torch.nan), T_MAX), out, [Case("p", IDS)], [])
                self.assertEqual([*Path(folder).rglob("*")], [there])

    def test_a_file_that_cannot_be_written_is_named_and_leaves_no_folder(self) -> None:
        size = len(IDS) * V * 8
        for name, limit in ((LOGITS_F64, size - 1), (JSON, size)):
            with tempfile.TemporaryDirectory() as folder:
                out, before = Path(folder) / "new", resource.getrlimit(resource.RLIMIT_FSIZE)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))   # as a full disk: some bytes are written, then an error
                try:
                    with self.assertRaises(OSError) as failed:
                        write_reference(OwnGpt(Gpt(), T_MAX), out, [Case("p", IDS)], [], note="longer than the numbers" * size)
                finally:
                    resource.setrlimit(resource.RLIMIT_FSIZE, before)
                self.assertEqual((failed.exception.filename, failed.exception.errno), (str(out / name), errno.EFBIG))
                self.assertEqual([*Path(folder).iterdir()], [])


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
