"""The build hook's own work: the sprite, and knowing when there is nothing to do. npm itself is not run."""

import json
from pathlib import Path

import pytest

import hatch_build

ICON = """<!-- licence -->
<svg
  class="lucide"
  viewBox="0 0 24 24"
>
  <path d="M1 2" />
  <path d="M3 4" />
</svg>
"""


def test_a_sprite_has_a_symbol_per_name(tmp_path: Path) -> None:
    (tmp_path / "house.svg").write_text(ICON)
    made = hatch_build.sprite(tmp_path, ["house"])
    assert made.count("<symbol") == 1
    assert '<symbol id="house" viewBox="0 0 24 24"' in made
    assert '<path d="M1 2" /><path d="M3 4" /></symbol>' in made


def test_a_misspelt_icon_is_told_with_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "house.svg").write_text(ICON)
    with pytest.raises(hatch_build.FrontEndError, match=r"'hose'; near: house"):
        hatch_build.sprite(tmp_path, ["hose"])


def test_the_icon_list_may_have_comments_and_repetitions(tmp_path: Path) -> None:
    file = tmp_path / hatch_build.ICONS
    file.parent.mkdir(parents=True)
    file.write_text("users # people\n\n# things\nhouse\nusers\n")
    assert hatch_build.icon_names(tmp_path) == ["house", "users"]


def test_files_are_current_until_one_changes(tmp_path: Path) -> None:
    (tmp_path / "htmx.min.js").write_text("1")
    files = {"htmx.min.js": hatch_build.digest(tmp_path / "htmx.min.js")}
    (tmp_path / hatch_build.MANIFEST).write_text(json.dumps({"source": "lock", "files": files}))
    assert hatch_build.is_current(tmp_path, "lock")
    assert not hatch_build.is_current(tmp_path, "another lock")
    (tmp_path / "htmx.min.js").write_text("2")
    assert not hatch_build.is_current(tmp_path, "lock")


def test_a_missing_or_broken_manifest_is_not_current(tmp_path: Path) -> None:
    assert not hatch_build.is_current(tmp_path, "lock")
    (tmp_path / hatch_build.MANIFEST).write_text("[")
    assert not hatch_build.is_current(tmp_path, "lock")


def test_modules_are_kept_where_they_match_the_lock(tmp_path: Path) -> None:
    packages = {"": {"name": "guanxi"}, "node_modules/a": {"version": "1.0.0", "integrity": "sha512-a"}}
    (tmp_path / hatch_build.LOCK).write_text(json.dumps({"packages": packages}))
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules/.package-lock.json").write_text(json.dumps({"packages": packages}))
    assert hatch_build.install(tmp_path) == tmp_path / "node_modules"
