"""Bring a copy of a release to the one that a delta leads to: apply_delta.py DELTA FOLDER."""

import hashlib
import json
import sys
from pathlib import Path

canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
delta, folder = map(Path, sys.argv[1:])
head, *steps = map(json.loads, delta.read_bytes().splitlines())
files = {path.stem: path.read_bytes() for path in folder.glob("*.ndjson")}


def content_hash() -> str:
    """Return SHA-256 over all files but the release itself, in the order of their names."""
    whole = b"".join(files[name] for name in sorted(files) if name != "release")
    return hashlib.sha256(whole).hexdigest()


if content_hash() != head["from"]["content_hash"]:
    sys.exit(f"{folder} is no copy of release {head['from']['version']}; nothing was written")
records = {n: {r["pk"]: r for r in map(json.loads, files[n].splitlines())} for n in files}
for step in steps:
    if "remove" in step:
        del records[step["remove"]["file"]][step["remove"]["key"]]
    else:
        put = step["put"]["record"]
        records.setdefault(step["put"]["file"], {})[put["pk"]] = put
for name, held in records.items():
    files[name] = b"".join(canonical(held[key]).encode() + b"\n" for key in sorted(held))
if content_hash() != head["to"]["content_hash"]:
    sys.exit(f"{delta} is cut short or damaged; nothing was written")
for name, content in files.items():
    path = folder / f"{name}.ndjson"
    path.write_bytes(content) if content else path.unlink()
sys.stdout.write(f"{folder} holds release {head['to']['version']}, {content_hash()}\n")
