"""Runs nginx with the configuration of deploy/nginx.conf, on a port and in folders of its own."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.conftest import ROOT
from tests.servers import free_port, listening

CONFIGURATION = ROOT / "deploy" / "nginx.conf"
MAIN = """
{user}
daemon off;
worker_processes 1;
pid {home}/pid;
error_log {home}/error.log;
events {{ worker_connections 1024; }}
http {{
    default_type application/octet-stream;
    gzip on;  # the file has to say what it needs, whatever is said around it
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxied;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    include {home}/demarche.conf;
}}
"""


def binary() -> str | None:
    """Return the path of nginx, or None where there is none."""
    return shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")


@contextmanager
def nginx(upstream: str, **changes: str) -> Iterator[str]:
    """Run nginx in front of a server, return its address; ``changes`` replace text of the file."""
    found = binary()
    if found is None:
        raise RuntimeError("nginx is not installed")
    home = Path(tempfile.mkdtemp(prefix="demarche-nginx-"))
    port = free_port()
    text = CONFIGURATION.read_text()
    for old, new in {
        "listen 80;": f"listen 127.0.0.1:{port};",
        "server 127.0.0.1:8000;": f"server {urlsplit(upstream).netloc};",
        "/var/cache/nginx/demarche": f"{home}/cache",
        "/var/log/nginx/demarche.log": f"{home}/access.log",
        **changes,
    }.items():
        assert text.count(old) == 1, f"{CONFIGURATION.name}: {old!r} stands {text.count(old)} times"
        text = text.replace(old, new)
    (home / "demarche.conf").write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""
    (home / "nginx.conf").write_text(MAIN.format(user=user, home=home))
    process = subprocess.Popen([found, "-c", home / "nginx.conf", "-e", home / "error.log"])
    try:
        deadline = time.monotonic() + 20
        while not listening(port):
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError((home / "error.log").read_text())
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(home)
