"""What is locked is what pyproject.toml asks for, without naming a host, and every choice is explained."""

import json
import re
import tomllib
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from hatch_build import PACKED

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
GROUPS = PROJECT["dependency-groups"]
LOCKS = {
    "requirements.lock": [*PROJECT["project"]["dependencies"], *GROUPS["dev"], *GROUPS["build"]],
    "requirements-bench.lock": GROUPS["bench"],
}
NPM = json.loads((ROOT / "package.json").read_text("utf-8"))["dependencies"]
NPM_LOCK = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
# Copyleft that reaches whoever imports it; LGPL does not.
COPYLEFT = re.compile(r"(?<!L)GPL|(?<!Lesser )General Public", re.IGNORECASE)


@cache
def pins(lock: str) -> dict[str, list[tuple[Requirement, list[str]]]]:
    """Return name -> pins of a lock, each with its hashes; a name has several pins where markers differ."""
    found: dict[str, list[tuple[Requirement, list[str]]]] = {}
    text = re.sub(r"^\s*#.*\n", "", (ROOT / lock).read_text("utf-8"), flags=re.MULTILINE)
    for entry in text.replace("\\\n", " ").splitlines():
        line, *hashes = entry.split("--hash=")
        requirement = Requirement(line.strip())
        found.setdefault(canonicalize_name(requirement.name), []).append(
            (requirement, [one.strip() for one in hashes])
        )
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_covers_and_satisfies_what_is_asked(lock: str) -> None:
    for line in LOCKS[lock]:
        wanted = Requirement(line)
        locked = pins(lock).get(canonicalize_name(wanted.name))
        assert locked, f"{wanted.name} is not in {lock}: run `make lock`"
        for pin, _ in locked:
            version = next(iter(pin.specifier)).version
            assert wanted.specifier.contains(Version(version), prereleases=True), f"{pin} is not {wanted}"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_is_exact_and_hashed(lock: str) -> None:
    for name, entries in pins(lock).items():
        for pin, hashes in entries:
            assert re.fullmatch(r"==[^=*,]+", str(pin.specifier)), f"{name} is not pinned"
            assert pin.url is None, f"{name} comes from a place of its own"
            assert hashes, f"{name} has no hash"
            assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes), name


def test_both_locks_agree() -> None:
    both = set(pins("requirements.lock")) & set(pins("requirements-bench.lock"))
    for name in both:
        one, other = ({str(pin.specifier) for pin, _ in pins(lock)[name]} for lock in LOCKS)
        assert one == other, name


@pytest.mark.parametrize(
    "file", [*LOCKS, "package-lock.json", "package.json", ".npmrc", "pyproject.toml", "Makefile"]
)
def test_nothing_names_a_package_host(file: str) -> None:
    text = (ROOT / file).read_text("utf-8")
    named = re.findall(
        r"(?:https?|file|git\+\w+)://(?!127\.0\.0\.1|localhost)\S+|--(?:extra-)?index-url.*|\"resolved\"",
        text,
    )
    assert not [name for name in named if not name.startswith("--no-")], named


def test_browser_files_are_pinned_exactly() -> None:
    for name, version in NPM.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), f"{name} is not pinned"
        assert NPM_LOCK[f"node_modules/{name}"]["version"] == version, "run `npm install --package-lock-only`"
    for path, entry in NPM_LOCK.items():
        assert not path or entry["integrity"].startswith("sha512-"), path


@cache
def explained() -> dict[str, list[str]]:
    """Return name -> cells of the tables in docs/dependencies.md."""
    text = (ROOT / "docs/dependencies.md").read_text("utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    return {row[0]: row[1:] for row in rows if row[0] != "Package" and not row[0].startswith("-")}


def test_every_direct_dependency_is_explained() -> None:
    direct = {Requirement(line).name for lines in LOCKS.values() for line in lines} | set(NPM)
    direct |= {package.rpartition("@")[0] for package in PACKED}
    assert set(explained()) == direct
    for name, cells in explained().items():
        assert len(cells) == 4, f"{name}: purpose, why this one, health and licence"
        assert all(cells), f"{name}: purpose, why this one, health and licence"


def licence(found: Distribution) -> str:
    """Return everything that a distribution's metadata says of its licence."""
    data = found.metadata
    classifiers = [line for line in data.get_all("Classifier") or [] if line.startswith("License")]
    stated = (data.get_all("License-Expression") or data.get_all("License") or [""])[0][:80]
    return " ".join([stated, *classifiers])


def test_nothing_imported_is_copyleft() -> None:
    """Walk what the product installs, not only what it names."""
    todo = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
    seen: dict[str, str] = {}
    while todo:
        wanted = todo.pop()
        name = canonicalize_name(wanted.name)
        if name in seen:
            continue
        try:
            found = distribution(name)
        except PackageNotFoundError:  # for another platform or Python
            continue
        seen[name] = licence(found)
        needs = [Requirement(line) for line in found.requires or []]
        extras = wanted.extras or {""}
        todo += [
            need
            for need in needs
            if not need.marker or any(need.marker.evaluate({"extra": x}) for x in extras)
        ]
    assert len(seen) > len(PROJECT["project"]["dependencies"])
    assert not {name: text for name, text in seen.items() if COPYLEFT.search(text)}
    assert not [name for name, text in seen.items() if not text.strip()], "no licence stated"
    assert not [path for path, entry in NPM_LOCK.items() if path and COPYLEFT.search(entry["license"])]
