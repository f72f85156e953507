"""What a file is, by its content: nothing is opened as a pickle that torch.save did not write."""
from __future__ import annotations

import struct
import tarfile
import zipfile
from pathlib import Path

ACCEPTED = "a checkpoint is what torch.save wrote (.pt, .pth, .ckpt, .bin), a safetensors file, or a folder with one"
OWN_CODE = "mygpt-rt converts it, and its reference comes from the code that made it (README.md, A model made in another way)"
LEGACY_MAGIC = bytes.fromhex("6cfc9c46f9206aa85019")   # torch.serialization.MAGIC_NUMBER, little-endian, in the first pickle of the file
HEAD = 4096

BEGINNINGS = {
    b"GGUF": f"a GGUF file; {OWN_CODE}",
    struct.pack("<i", 20240326): f"an llm.c checkpoint; {OWN_CODE}",
    struct.pack("<i", 20240520): "a file of token ids of llm.c",
    b"\x89MyGPT\r\n": "a weights.bin of mygpt-rt, made from a checkpoint; a reference is dumped from that checkpoint",
    b"\x89HDF\r\n": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array",
    b"\x1f\x8b": "a gzip archive; unpack it",
    b"version https://git-lfs": "a Git LFS pointer; git lfs pull fetches the file itself",
}


def is_safetensors(path: Path) -> bool:
    """Whether a file is a safetensors file, else one of torch.save; of any other it says what it seems to be."""
    with open(path, "rb") as file:
        head = file.read(HEAD)
    if head[:4] == b"PK\x03\x04":
        require_torch_zip(path)
    elif len(head) > 9 and head[8:9] == b"{" and (path.suffix == ".safetensors" or int.from_bytes(head[:8], "little") < path.stat().st_size):
        return True
    # A tar archive may begin with any bytes, those of a pickle too, and PyTorch before 2.6 unpacks one, weights only or not.
    elif LEGACY_MAGIC not in head[:32] or tarfile.is_tarfile(path):
        raise ValueError(f"{path} is {description(path, head)}; {ACCEPTED}")
    return False


def require_torch_zip(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {name.partition("/")[2]: name for name in archive.namelist()}
            order = archive.read(entries["byteorder"]) if "byteorder" in entries else b"little"
    except (zipfile.BadZipFile, RuntimeError, OSError, ValueError) as error:
        raise ValueError(f"{path} is a zip archive that is damaged or cut short: {error}") from None
    if "constants.pkl" in entries:
        raise ValueError(f"{path} is a TorchScript program, which would be run; save the state_dict() of the model with torch.save")
    if "data.pkl" not in entries:
        raise ValueError(f"{path} is a zip archive that torch.save did not write: it has no data.pkl; {ACCEPTED}")
    if order != b"little":
        raise ValueError(f"{path} has big-endian numbers, which are not read")


def description(path: Path, head: bytes) -> str:
    if not head:
        return "empty"
    if found := next((what for beginning, what in BEGINNINGS.items() if head.startswith(beginning)), None):
        return found
    if tarfile.is_tarfile(path):
        return "a tar archive; unpack it, or save it again with a later PyTorch if it is one of torch.save before 0.4"
    if head[:1] == b"\x80":
        return "a pickle that torch.save did not write; save the state_dict() of the model with torch.save"
    text = head.decode("utf-8", errors="ignore")
    if len(text.encode()) < len(head) - 3 or any(letter < " " and letter not in "\t\n\r\f" for letter in text):   # a letter may be cut
        return "no checkpoint that is known, or a damaged one"
    if not text.lstrip().startswith(("{", "[")):
        return "a text"
    return f"JSON, like the file of a microgpt; {OWN_CODE}" if '"state_dict"' in text else "JSON"
