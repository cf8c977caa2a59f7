"""Bring a copy of a release to the one that a delta leads to: apply_delta.py DELTA FOLDER."""

import hashlib
import json
import sys
from pathlib import Path

canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
delta, folder = map(Path, sys.argv[1:])
records = {path.stem: path.read_bytes().splitlines() for path in folder.glob("*.ndjson")}
try:
    head, *steps = map(json.loads, delta.read_bytes().splitlines())
    for name, lines in records.items():
        records[name] = {record["pk"]: record for record in map(json.loads, lines)}
    for step in steps:
        if "remove" in step:
            del records[step["remove"]["file"]][step["remove"]["key"]]
        else:
            put = step["put"]["record"]
            records.setdefault(step["put"]["file"], {})[put["pk"]] = put
    for name, held in records.items():
        records[name] = "".join(f"{canonical(held[key])}\n" for key in sorted(held)).encode()
    whole = hashlib.sha256(b"".join(records[n] for n in sorted(records) if n != "release"))
    if head["to"] != {"content_hash": whole.hexdigest(), "version": put["fields"]["version"]}:
        raise ValueError  # noqa: TRY301
except (LookupError, NameError, TypeError, ValueError):
    sys.exit(f"{folder} is not what {delta} leads from, or one is damaged; nothing was written")
for name, content in records.items():
    path = folder / f"{name}.ndjson"
    path.write_bytes(content) if content else path.unlink()
