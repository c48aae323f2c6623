"""The limited process: renders templates that authorities wrote, with little memory, in a sandbox, without environment.

    python -m notifier.rendering.child MEMORY SECONDS

The first line it reads is JSON with the authority's `files` and the `folders` of the templates beneath them; each further
line asks for something, and is answered by one line of JSON.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, FunctionLoader, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from notifier.errors import RenderingError
from notifier.rendering.composer import Compiler
from notifier.rendering.environments import FAULTS, TemplateFaultError, fault, prepared
from notifier.rendering.plain import frame_data, read_letter
from notifier.rendering.views import Composed, read

LONGEST: Final = 1_000_000
"""Signs of a letter's text or HTML: more than that is a fault of the template."""
GIVEN: Final = frozenset({"letter", "addressee", "subject", "count"})
"""Names that every template of a letter is given."""


def confine(memory: int, seconds: int) -> None:
    """Let this process use so many bytes of memory and seconds of processor, write no file and leave no core."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 -- there is none on Windows

        for what, most in (
            (resource.RLIMIT_AS, memory),
            (resource.RLIMIT_CPU, seconds),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.setrlimit(what, (most, most))


def sandbox(files: Mapping[str, str], folders: Sequence[Path]) -> Environment:
    """Return an environment in which templates reach nothing but what they are given."""

    def own(name: str) -> tuple[str, str, None] | None:
        return (files[name], f"/own/{name}", None) if name in files else None

    return prepared(
        ImmutableSandboxedEnvironment, ChoiceLoader([FunctionLoader(own), FileSystemLoader(folders)])
    )


class Renderer:
    """Answers what is asked about one set of templates."""

    def __init__(self, files: Mapping[str, str], folders: Sequence[Path]) -> None:
        """Open the templates."""
        self._files = files
        self._folders = folders
        self._environment = sandbox(files, folders)
        self._compiler = Compiler(self._environment, json.dumps(files, sort_keys=True), watched=True)

    def answer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return the frame of a letter, the letter as a whole, or what is wrong with the names in the files."""
        try:
            return self._answered(asked)
        except TemplateFaultError as error:
            return {"fault": [error.file, error.line, error.problem]}
        except RenderingError as error:
            return {"fault": ["", 0, str(error)]}
        except (MemoryError, OverflowError):
            return {"fault": ["", 0, "too large"]}
        except RecursionError:
            return {"fault": ["", 0, "includes itself"]}

    def _answered(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        if asked["what"] == "names":
            return {"faults": self.names()}
        letter = read_letter(asked["letter"])
        if asked["what"] == "frame":
            return {"frame": frame_data(self._compiler.compile(letter, *read(letter)))}
        return {"whole": _checked(self._compiler.render(letter, read(letter)[2]))}

    def names(self) -> list[tuple[str, int, str]]:
        """Return where the files use a name that no template of a letter knows, or cannot be read at all."""
        found = []
        base = prepared(ImmutableSandboxedEnvironment, FileSystemLoader(self._folders))
        allowed = set(GIVEN) | {"c", "item", "section", "loop"}
        for name in base.list_templates(extensions=["txt", "html"]):
            if name.startswith("email/"):
                source = base.loader.get_source(base, name)[0] if base.loader else ""
                allowed |= meta.find_undeclared_variables(base.parse(source, name))
        for name, source in self._files.items():
            try:
                tree = self._environment.parse(source, name)
                self._environment.get_template(name)
            except FAULTS as error:
                told = fault(name, error)
                found.append((name, told.line, told.problem))
                continue
            for unknown in sorted(meta.find_undeclared_variables(tree) - allowed):
                lines = [each.lineno for each in tree.find_all(nodes.Name) if each.name == unknown]
                found.append((name, min(lines, default=0), f"'{unknown}' is undefined"))
        return found


def _checked(letter: Composed) -> dict[str, str]:
    if max(len(letter.text), len(letter.html)) > LONGEST:
        raise OverflowError
    return {"subject": letter.subject, "text": letter.text, "html": letter.html}


def main() -> None:
    """Read and answer line by line until nothing more is asked."""
    confine(int(sys.argv[1]), int(sys.argv[2]))
    given = json.loads(sys.stdin.readline())
    renderer = Renderer(given["files"], [Path(each) for each in given["folders"]])
    for line in sys.stdin:
        sys.stdout.write(json.dumps(renderer.answer(json.loads(line)), ensure_ascii=False) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
