"""What `guanxi up --demo` shows of the demo workspaces, at the address of this start."""

import json
from pathlib import Path

from core.cli.demo_notice import demo_notice, keep_address

LOGIN = {"email": "ann@acme.test", "password": "words", "role": "owner"}
DEMO = {
    "name": "Acme",
    "slug": "acme",
    "url": "http://127.0.0.1:8000/w/acme/",
    "logins": [LOGIN],
    "api_key": "gx_x",
}


def test_another_port_is_another_address(tmp_path: Path):
    path = tmp_path / "demo.json"
    path.write_text(json.dumps({"workspaces": [DEMO]}))
    keep_address(tmp_path, "http://127.0.0.1:8001")
    assert json.loads(path.read_text())["workspaces"] == [{**DEMO, "url": "http://127.0.0.1:8001/w/acme/"}]
    assert path.stat().st_mode & 0o077 == 0
    shown = demo_notice(tmp_path)
    for words in ("http://127.0.0.1:8001/w/acme/", "ann@acme.test  words  owner", "gx_x"):
        assert words in shown


def test_without_a_demo_there_is_nothing_to_keep(tmp_path: Path):
    keep_address(tmp_path, "http://127.0.0.1:8001")
    assert list(tmp_path.iterdir()) == []
    assert "no demo" in demo_notice(tmp_path)
