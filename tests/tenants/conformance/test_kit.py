"""The kit for plugins' authors: what the tutorial and a new plugin pass, and what a bad plugin does not.

Each plugin is installed into a folder of its own and checked by a pytest of its own, as its author would.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TUTORIAL = ROOT / "docs" / "plugins" / "tutorial"


def installed(source: Path, target: Path) -> Path:
    """Copy a distribution's package and its metadata to where Python finds them."""
    project = (source / "pyproject.toml").read_text("utf-8")
    name = re.search(r'^name = "(.+)"', project, re.M)[1]
    entry = re.search(r'entry-points."guanxi.plugins"\]\n(.+)\n', project)[1].replace('"', "")
    (package,) = [path for path in source.iterdir() if path.name.startswith("guanxi_")]
    about = target / f"{package.name}-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", "utf-8")
    (about / "entry_points.txt").write_text(f"[guanxi.plugins]\n{entry}\n", "utf-8")
    subprocess.run(["cp", "-r", package, target], check=True)
    return target


def run(*arguments: object, site: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(site), str(ROOT)])
    return subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": paths, "PYTHONWARNINGS": "ignore", **environ},
        capture_output=True,
        text=True,
        cwd=site,
        check=False,
    )


def checked(key: str, site: Path, *tests: Path) -> dict[str, str]:
    """The outcome of each check and test by its name."""
    flags = ["-p", "no:randomly", "-p", "no:cacheprovider", "-q", "-rA", "-n", "0", "-c", os.devnull]
    loaded = [] if _is_installed() else ["-p", "tenants.conformance.pytest_plugin"]
    done = run("pytest", *flags, *loaded, "--guanxi-plugin", key, *tests, site=site)
    found = {
        name: outcome
        for outcome, name in re.findall(r"^(PASSED|FAILED|ERROR) .*::(test_\w+)", done.stdout, re.M)
    }
    (site / "log.txt").write_text(done.stdout + done.stderr, "utf-8")
    assert found, done.stdout[-3000:] + done.stderr[-3000:]
    return found


def _is_installed() -> bool:
    from importlib.metadata import entry_points

    return any(entry.name == "guanxi" for entry in entry_points(group="pytest11"))


@pytest.mark.long
def test_the_tutorial_passes_all_of_it(tmp_path: Path) -> None:
    site = installed(TUTORIAL, tmp_path / "site")
    found = checked("winbell", site, TUTORIAL / "tests")
    assert set(found.values()) == {"PASSED"}, found
    assert len(found) == 16


@pytest.mark.long
def test_a_new_plugin_passes_from_the_first_minute(tmp_path: Path) -> None:
    made = run("core", "new-plugin", "polls.quick", "--folder", tmp_path / "new", site=tmp_path)
    assert made.returncode == 0, made.stderr
    site = installed(tmp_path / "new", tmp_path / "site")
    found = checked("polls.quick", site, tmp_path / "new" / "tests")
    assert set(found.values()) == {"PASSED"}, found
    assert found["test_its_page_greets_the_reader"] == "PASSED"
    assert found["test_the_other_workspace_does_not_know_it"] == "PASSED"


@pytest.mark.parametrize("key", ["Polls", "a..b", "a-b", "1a", ""])
def test_a_key_that_cannot_be_one_is_refused(tmp_path: Path, key: str) -> None:
    refused = run("core", "new-plugin", "--folder", tmp_path / "new", "--", key, site=tmp_path)
    assert refused.returncode == 2
    assert "lower-case" in refused.stderr
    assert not (tmp_path / "new").exists()


@pytest.mark.long
def test_what_is_wrong_with_a_plugin_is_found(tmp_path: Path) -> None:
    site = installed(TUTORIAL, tmp_path / "site")
    plugin = site / "guanxi_winbell" / "plugin.py"
    text = plugin.read_text("utf-8")
    wrong = {
        "from core import sdk\n": "from core import sdk\nfrom core.kernel import clock\n",
        'title=N_("Token")': 'title=N_("Watchword")',
        'return "winbell/card.html"': "raise RuntimeError; return 'winbell/card.html'",
        'url="/winbell"': 'url="/winbells"',
        'token: Annotated[sdk.Secret, msgspec.Meta(title=N_("Watchword"))] = ""': (
            'token: Annotated[sdk.Secret, msgspec.Meta(title=N_("Watchword"))] = ""\n    rings: int = "many"'
        ),
    }
    for right, bad in wrong.items():
        assert right in text, right
        text = text.replace(right, bad)
    plugin.write_text(text, "utf-8")
    models = site / "guanxi_winbell" / "models.py"
    models.write_text(models.read_text("utf-8") + "    note: Mapped[str | None]\n", "utf-8")
    found = checked("winbell", site)
    assert {name for name, outcome in found.items() if outcome == "FAILED"} >= {
        "test_it_imports_the_one_door_only",
        "test_every_text_is_translated",
        "test_its_tables_follow_from_its_migrations",
        "test_panels_and_widgets_show_something",
        "test_its_menu_leads_somewhere",
        "test_its_settings_can_be_read_before_anybody_set_them",
    }, found


@pytest.mark.long
def test_a_plugin_that_does_not_load_says_why(tmp_path: Path) -> None:
    site = installed(TUTORIAL, tmp_path / "site")
    plugin = site / "guanxi_winbell" / "plugin.py"
    plugin.write_text(plugin.read_text("utf-8").replace("def crm_nav()", "def crm_navs()"), "utf-8")
    assert checked("winbell", site)["test_it_loads"] == "FAILED"
