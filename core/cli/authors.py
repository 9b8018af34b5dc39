"""`guanxi new-plugin`: begin a plugin that already passes every check, for authors."""

import re
from pathlib import Path
from string import Template

import click

SKELETON = Path(__file__).with_name("skeleton")
SUFFIX = ".txt"
KEY = re.compile(r"[a-z][a-z0-9]*(\.[a-z][a-z0-9]*)*")


@click.command()
@click.argument("key")
@click.option("--title", help="What people read; made of KEY where it is left out.")
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Where to write it; a new folder guanxi-KEY here."
)
def new_plugin(key: str, title: str | None, folder: Path | None) -> None:
    """Begin a plugin of that KEY: lower case, parts apart by dots, like `loyalty` or `marketing.polls`."""
    if not KEY.fullmatch(key):
        raise click.BadParameter(f"{key} is not lower-case letters and digits, parts apart by dots")
    title = title or key.rpartition(".")[2].capitalize()
    if '"' in title or "\\" in title or "\n" in title:
        raise click.BadParameter("a title is one line without quotes and backslashes")
    prefix = key.replace(".", "_")
    names = {
        "key": key,
        "title": title,
        "prefix": prefix,
        "package": f"guanxi_{prefix}",
        "distribution": f"guanxi-{key.replace('.', '-')}",
        "folder": key.rpartition(".")[2],
        "below": "/" + key.replace(".", "/"),
    }
    target = folder or Path(names["distribution"])
    if target.exists() and any(target.iterdir()):
        raise click.ClickException(f"{target} is not empty")
    for path in sorted(SKELETON.rglob(f"*{SUFFIX}")):
        _write(path, target, names)
    click.echo(f"wrote {target}. Next: pip install -e {target}, then pytest --guanxi-plugin {key} {target}")


def _write(path: Path, target: Path, names: dict[str, str]) -> None:
    # Its folders have other names here, so that nobody takes them for folders of this package.
    place = {
        "package": names["package"],
        "key": names["folder"],
        "pages": "templates",
        "texts": "locales",
    }
    parts = [place.get(part, part) for part in path.relative_to(SKELETON).parts]
    written = target.joinpath(*parts[:-1], parts[-1].removesuffix(SUFFIX))
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(Template(path.read_text("utf-8")).substitute(names), "utf-8")


COMMANDS = [new_plugin]
