"""Give the course its public address: `make publish REPOSITORY=https://…`.

Everything that names the address follows from one setting, `[tool.fer_course] repository` in pyproject.toml: README's badges,
the cell of each lesson that fetches the course on Colab and Kaggle, and the book's buttons.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import fer_course
from fer_course._shared.files import write_text
from fer_course.authoring import hosting_links, lessons
from fer_course.errors import FerCourseError

ROOT = Path(__file__).parents[1]
FIRST = "lessons/00-start-here.ipynb"
SETTING = re.compile(r'(?m)^repository = "(.*)"$')
BADGES = re.compile(r"(?s)(<!-- badges[^>]*-->\n).*?(<!-- end of badges -->)")


class AddressError(FerCourseError):
    """What should be the public address of the repository is none."""


def main(arguments: list[str] | None = None) -> int:
    """Set the address, and say what was written and what to do next; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m book.publish", description=__doc__.split("\n")[0])
    parser.add_argument("address", help="https://github.com/NAME/REPOSITORY, or that of any other forge")
    parser.add_argument("--first", action="store_true", help="do nothing if an address is set already")
    options = parser.parse_args(arguments)
    try:
        if options.first and (there := hosting_links.repository()):
            print(f"The course is at {there} already: nothing was changed.")
            return 0
        written = publish(options.address, ROOT)
    except FerCourseError as error:
        print(error, file=sys.stderr)
        return 1
    names = ", ".join(str(path.relative_to(ROOT)) for path in written) or "nothing: all of it was so already"
    print(f"Written: {names}.\nNext: commit and push, then git tag v{fer_course.__version__} && git push --tags: it is")
    print("the tag that lessons fetch. The forge's workflow builds the book.")
    return 0


def publish(address: str, root: Path) -> list[Path]:
    """Write the address and all that follows from it into a clone; return the files that changed.

    Args:
        address: as `checked` takes it.
        root: of the clone.

    Raises:
        AddressError: if that is no address; then nothing is written.
        LessonError: if a lesson can't be built.

    """
    address = checked(address)
    texts = {root / "pyproject.toml": lambda text: SETTING.sub(f'repository = "{address}"', text)}
    texts[root / "README.md"] = lambda text: BADGES.sub(lambda found: found[1] + badges(address) + found[2], text)
    built = {
        root / "lessons" / path.name: lessons.build(path, address) for path in (root / "solutions").glob("*.ipynb")
    }
    new = {path: change(path.read_text(encoding="utf-8")) for path, change in texts.items()} | built
    changed = [path for path, text in sorted(new.items()) if not path.is_file() or path.read_bytes() != text.encode()]
    for path in changed:
        write_text(path, new[path])
    return changed


def checked(address: str) -> str:
    """Return a repository's address in the form that browsers open: https://HOST/NAME/REPOSITORY.

    Args:
        address: that, also with .git at its end; or as git writes it for SSH: git@HOST:NAME/REPOSITORY.git.

    Raises:
        AddressError: if it is neither.

    """
    text = re.sub(r"^(?:ssh://)?git@([\w.-]+)[:/]", r"https://\1/", address.strip())
    parts = urlsplit(text.rstrip("/").removesuffix(".git"))
    path = parts.path.strip("/")
    usable = re.fullmatch(r"[\w.~-]+(/[\w.~-]+)+", path) and re.fullmatch(r"[\w-]+(\.[\w-]+)+(:\d+)?", parts.netloc)
    if parts.scheme != "https" or not usable or parts.query or parts.fragment:
        raise AddressError(f"{address!r} is not a repository's address. Give it as https://github.com/NAME/REPOSITORY.")
    return f"https://{parts.netloc}/{path}"


def badges(address: str) -> str:
    """Return README's line of links that open lesson 00 at each service that can read the repository."""
    where = hosting_links.buttons(address, FIRST)
    line = " · ".join(f"[Open lesson 00 in {name}]({target})" for name, target in where.items())
    return f"\n{line}\n\n"


if __name__ == "__main__":
    sys.exit(main())
