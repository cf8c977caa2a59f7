"""The examples for other machines: valid for what reads them, and true of this software."""

import shutil
import subprocess
import sys

import kubernetes_validate
import pytest
import yaml

from tests.conftest import ROOT, settings_of_the_environment
from tests.test_image import DOCKERFILE, USER

pytestmark = pytest.mark.once

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
MANIFESTS = [
    resource
    for path in sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
    for resource in yaml.safe_load_all(path.read_text())
]
PODS = [one["spec"]["template"] for one in MANIFESTS if "template" in one["spec"]]
SETTINGS = settings_of_the_environment()
FORMS = ".github/ISSUE_TEMPLATE"
SCHEMAS = {
    "compose.yaml": "compose-spec",
    ".github/workflows/checks.yml": "github-workflows",
    f"{FORMS}/software.yml": "github-issue-forms",
    f"{FORMS}/dataset.yml": "github-issue-forms",
    f"{FORMS}/config.yml": "github-issue-config",
    "CITATION.cff": "citation-file-format",
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_file_is_what_its_reader_takes(name):
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{SCHEMAS[name]}",
         ROOT / name],
        check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="SYSTEMD IS NOT INSTALLED")
def test_systemd_takes_its_units_and_finds_them_confined(tmp_path):
    assert UNITS
    for unit in UNITS:
        path = tmp_path / unit.name
        text = unit.read_text().replace("/opt/demarche/.venv/bin/python", sys.executable)
        path.write_text(text.replace("/opt/demarche", str(ROOT)))
        for arguments in (["verify"], ["security", "--offline=true", "--threshold=20"]):
            done = subprocess.run(
                ["systemd-analyze", "--no-pager", *arguments, path],
                check=False, capture_output=True, text=True, timeout=60,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr
            assert arguments != ["verify"] or not done.stderr


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda one: one["kind"])
@pytest.mark.parametrize("version", ["1.30", kubernetes_validate.latest_version()])
def test_kubernetes_takes_its_manifests(manifest, version):
    kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("pod", PODS, ids=lambda pod: pod["spec"]["containers"][0]["name"])
def test_a_pod_has_no_more_rights_than_it_needs(pod):
    spec, (container,) = pod["spec"], pod["spec"]["containers"]
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["runAsUser"] == USER
    assert not spec["automountServiceAccountToken"]
    assert container["securityContext"] == {
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "memory" in container["resources"]["limits"]
    assert {one["name"] for one in container["env"]} <= SETTINGS
    secret = next(one for one in container["env"] if one["name"] == "DATABASE_URL")
    assert secret["valueFrom"]["secretKeyRef"]["key"] == f"{container['name']}-url"


def test_the_service_leads_to_the_port_of_the_image():
    (service,) = (one["spec"] for one in MANIFESTS if one["kind"] == "Service")
    (deployment,) = (one["spec"] for one in MANIFESTS if one["kind"] == "Deployment")
    assert deployment["selector"]["matchLabels"] == service["selector"]
    assert service["selector"].items() <= deployment["template"]["metadata"]["labels"].items()
    (container,) = deployment["template"]["spec"]["containers"]
    (port,) = container["ports"]
    assert f"EXPOSE {port['containerPort']}\n" in DOCKERFILE
    assert service["ports"][0]["targetPort"] == port["name"]
    paths = {container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("liveness", "readiness")}
    assert paths == {"/healthz", "/readyz"}


def test_everything_runs_one_image():
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    images = {services[name]["image"] for name in ("load", "api")}
    images |= {pod["spec"]["containers"][0]["image"] for pod in PODS}
    assert len(images) == 1


def test_the_workflow_runs_the_two_commands_of_a_developer():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "checks.yml").read_text())
    commands = [step.get("run") for step in workflow["jobs"]["checks"]["steps"]]
    assert commands[-2:] == ["make lint", "make test"]
    needed = dict.fromkeys(("REQUIRE_PG", "REQUIRE_CHROMIUM", "SLOW"), "1")
    assert workflow["jobs"]["checks"]["env"] == needed
