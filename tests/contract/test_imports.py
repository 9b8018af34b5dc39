"""Who may import whom: the contracts of pyproject.toml hold, have no exceptions, and would notice."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
PACKAGES = ["core", "plugins", "tenants"]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()"]
    return subprocess.run(
        [*command, "--no-logo", "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_contracts_hold() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_no_contract_has_an_exception() -> None:
    exceptions = {"ignore_imports", "exhaustive_ignores", "unmatched_ignore_imports_alerting"}
    assert not [contract["name"] for contract in CONFIG["contracts"] if exceptions & set(contract)]
    assert "exclude_type_checking_imports" not in CONFIG


def test_every_package_is_checked() -> None:
    present = [name for name in PACKAGES if (ROOT / name / "__init__.py").exists()]
    assert sorted(CONFIG["root_packages"]) == present


# What must be noticed: a file that breaks one rule, with what it imports, and the contract that says so.
BREACHES = {
    "core names plugins": ("core/kernel/a.py", "import plugins.shop.service", "Direction"),
    "core names tenants": ("core/kernel/a.py", "import tenants.signup", "Direction"),
    "tenants names plugins": ("tenants/signup/a.py", "import plugins.shop.service", "Direction"),
    "plugins names tenants": ("plugins/shop/a.py", "import tenants.signup", "Direction"),
    "an island names another": ("plugins/shop/a.py", "from plugins.forms import service", "Islands"),
    "a plugin goes past the door": ("plugins/shop/a.py", "from core.kernel import db", "One door"),
    "a layer looks up": ("core/kernel/a.py", "from core.web import shell", "Layers of core"),
    "a layer nobody placed": ("core/utilities/__init__.py", "", "Layers of core"),
    "a service knows its pages": ("core/access/service.py", "import core.access.pages", "Shape"),
    "queries know the service": ("core/access/queries.py", "import core.access.service", "Shape"),
    "a model knows the queries": ("core/access/models.py", "import core.access.queries", "Shape"),
    "api knows pages": ("core/access/api.py", "import core.access.pages", "Shape"),
    "a plugin's service knows its pages": (
        "plugins/shop/service.py",
        "from plugins.shop import pages",
        "Shape",
    ),
    "a service knows the framework": ("core/access/service.py", "from litestar import Request", "Pure"),
    "a model knows the shell": ("tenants/signup/models.py", "from core.web import shell", "Pure"),
    "a schema knows the framework": ("plugins/shop/schema.py", "import litestar.types", "Pure"),
    "tenancy knows the framework": ("core/tenancy/a.py", "import litestar", "Pure"),
}
HOUSE = [
    "core/kernel/db.py",
    "core/web/shell.py",
    "core/sdk.py",
    "core/tenancy/ctx.py",
    *(f"core/access/{part}.py" for part in ("pages", "service", "queries", "models", "events")),
    *(f"plugins/{part}.py" for part in ("shop/pages", "shop/service", "forms/service")),
    "tenants/signup/service.py",
]


def build(folder: Path, path: str, text: str) -> None:
    """Make a small house of the same plan and put one file into it."""
    for name in (*HOUSE, path):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        for parent in list(file.relative_to(folder).parents)[:-1]:
            (folder / parent / "__init__.py").touch()
    (folder / path).write_text(f"{text}\n", "utf-8")
    settings = (ROOT / "pyproject.toml").read_text("utf-8")
    start = settings.index("[tool.importlinter]")
    roots = f"root_packages = {CONFIG['root_packages']!r}".replace("'", '"')
    assert roots in settings
    (folder / "pyproject.toml").write_text(
        settings[start:].replace(roots, f"root_packages = {PACKAGES!r}"), "utf-8"
    )


@pytest.mark.parametrize("case", [None, *BREACHES])
def test_a_breach_is_noticed(case: str | None, tmp_path: Path) -> None:
    path, text, contract = (
        BREACHES[case] if case else ("core/access/api.py", "import core.access.service", "")
    )
    build(tmp_path, path, text)
    done = lint(tmp_path)
    broken = [line for line in done.stdout.splitlines() if line.endswith("BROKEN")]
    if case is None:
        assert not broken
        assert done.returncode == 0, done.stdout + done.stderr
    else:
        assert any(line.startswith(contract) for line in broken), done.stdout + done.stderr
