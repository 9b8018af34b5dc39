"""Every icon that the product names is in the sprite's list."""

import re
from pathlib import Path

import hatch_build

ROOT = Path(__file__).parents[2]
# icon="users" in Python, icon='users' and icon('users') in templates, icon: "users" in scripts.
NAMED = re.compile(r"\bicon\s*[=(:]\s*[\"']([a-z][a-z0-9-]*[a-z0-9])[\"']")


def test_every_named_icon_is_in_the_sprite() -> None:
    listed = set(hatch_build.icon_names(ROOT))
    named = {
        (path.relative_to(ROOT).as_posix(), name)
        for top in ("core", "tenants", "plugins")
        for path in (ROOT / top).rglob("*")
        if path.suffix in {".py", ".html", ".js"} and "vendor" not in path.parts
        for name in NAMED.findall(path.read_text("utf-8"))
    }
    assert named
    missing = sorted(f"{path}: {name}" for path, name in named if name not in listed)
    assert not missing, "not in core/web/icons.txt:\n" + "\n".join(missing)
