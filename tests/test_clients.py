"""Generated clients compile, and read every operation of a running server."""

import compileall
import importlib
import inspect
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.conftest import ROOT, document, some
from tests.samples import DYAD, WORD

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """The Python client, generated from the committed schema."""
    folder = tmp_path_factory.mktemp("client")
    config = folder / "config.json"
    config.write_text(json.dumps({"post_hooks": []}))
    done = subprocess.run(
        [
            Path(sys.executable).with_name("openapi-python-client"), "generate",
            "--path", ROOT / "openapi.yaml", "--output-path", folder / "generated",
            "--config", config, "--fail-on-warning",
        ],
        capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert compileall.compile_dir(folder / "generated", quiet=1)
    sys.path.insert(0, str(folder / "generated"))
    yield importlib.import_module("demarche_client")
    sys.path.remove(str(folder / "generated"))


def operations(package):
    """Yield every generated function with the name of its operation."""
    root = Path(package.__file__).parent / "api"
    for path in sorted(root.glob("*/*.py")):
        if path.stem != "__init__":
            name = f"{package.__name__}.api.{path.parent.name}.{path.stem}"
            yield path.stem, importlib.import_module(name)


def spelled(body):
    """Return the body with UTC written one way: a client may write it as an offset."""
    return json.dumps(body, sort_keys=True).replace("+00:00", "Z")


def test_the_python_client_reads_every_operation(package, addresses):
    expected = {
        operation["operationId"]
        for item in document()["paths"].values()
        for operation in item.values()
    }
    seen = set()
    client = package.Client(base_url=addresses["SQLite"], raise_on_unexpected_status=True)
    ids: dict[str, list[str]] = {"dyads": [DYAD, DYAD.lower()]}
    calls = sorted(operations(package), key=lambda call: not call[0].endswith("_list"))
    for name, module in calls:
        resource = name.rpartition("_")[0]
        arguments = {"q": WORD} if name == "search_list" else {}
        if name == "reconcile_create":
            form = package.models.ReconcileCreateBody
            arguments = {"body": form(queries=json.dumps({"q0": {"query": WORD}}))}
        taken = inspect.signature(module.sync_detailed).parameters
        named = "id" in taken and not name.endswith("_list")
        keys = ids[resource] if named else [None]
        for key in some(keys, 4):
            path = [] if key is None else [key]
            answer = module.sync_detailed(*path, client=client, **arguments)
            assert answer.status_code == 200, (name, key, answer.content)
            assert spelled(answer.parsed.to_dict()) == spelled(json.loads(answer.content)), name
            if name.endswith("_list"):
                ids.setdefault(resource, [r.id for r in answer.parsed.results])
        seen.add(name)
    assert seen == expected


def test_the_python_client_is_given_typed_problems(package, addresses):
    module = importlib.import_module(f"{package.__name__}.api.events.events_list")
    client = package.Client(base_url=addresses["SQLite"])
    problem = module.sync(client=client, q="!")
    assert problem.status == 400
    assert problem.errors[0].parameter == "q"


def test_the_python_client_takes_two_values_and_pages_to_the_end(package, addresses):
    """As its user would write it: a list of codes, and each page by the cursor of the last."""
    listed = importlib.import_module(f"{package.__name__}.api.statements.statements_list")
    kinds = [package.models.StatementKind(kind) for kind in ("indirect_speech", "narration")]
    for address in addresses.values():
        found, cursor = [], package.types.UNSET
        with package.Client(base_url=address, raise_on_unexpected_status=True) as client:
            while cursor is not None:
                page = listed.sync(client=client, kind=kinds, page_size=3, cursor=cursor)
                found += page.results
                after = parse_qs(urlsplit(page.next_ or "").query).get("cursor", [None])
                cursor = after[0]
        assert len({statement.id for statement in found}) == len(found) == page.count
        assert {statement.kind for statement in found} == set(kinds)


@pytest.mark.skipif(not os.environ.get("TYPESCRIPT"), reason="run it with make typescript")
@pytest.mark.parametrize(
    ("script", "least"),
    [("read", len(document()["paths"])), ("hey_api", 3), ("orval", 3)],
)
def test_the_typescript_clients_read(addresses, script, least):
    """Every operation with openapi-fetch; with each the list of two values, and a refusal."""
    folder = ROOT / "tests" / "typescript"
    for address in addresses.values():
        done = subprocess.run(
            ["node", f"build/{script}.js", address],
            cwd=folder, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert int(done.stdout.split()[0]) > least
