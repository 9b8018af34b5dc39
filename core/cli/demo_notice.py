"""What `guanxi up --demo` shows: where the demo workspaces are and how to get in."""

import json
import os
from pathlib import Path
from typing import Any


def demo_notice(home: Path) -> str:
    """Read `<home>/demo.json` and write it out for people; a line of excuse where there is none."""
    try:
        found = json.loads((home / "demo.json").read_bytes())
    except (OSError, ValueError):
        return "There is no demo.json in the home: no demo workspaces were made."
    workspaces = found.get("workspaces", []) if isinstance(found, dict) else found
    return "\n".join(line for workspace in workspaces for line in _lines(workspace))


def keep_address(home: Path, public_url: str) -> None:
    """Have `<home>/demo.json` name the address of this start: a later one may use another port."""
    path = home / "demo.json"
    try:
        found = json.loads(path.read_bytes())
        for workspace in found["workspaces"]:
            workspace["url"] = f"{public_url}/w/{workspace['slug']}/"
    except (OSError, ValueError, KeyError, TypeError):
        return
    draft = home / ".demo.json"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(found, file, ensure_ascii=False, indent=2)
    draft.replace(path)


def _lines(workspace: dict[str, Any]) -> list[str]:
    lines = ["", f"{workspace.get('name') or workspace.get('slug', '')}  {workspace.get('url', '')}"]
    for login in workspace.get("logins", ()):
        words = f"{login.get('email', '')}  {login.get('password', '')}  {login.get('role', '')}"
        lines.append(f"  log in   {words.rstrip()}")
    if key := workspace.get("api_key"):
        lines.append(f"  API key  {key}")
    return lines
