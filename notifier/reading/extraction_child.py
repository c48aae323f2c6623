"""The child process that opens files of strangers: little memory, little time, no files of its own, no environment.

    python -m notifier.reading.extraction_child MEMORY SECONDS CHARACTERS pdf|html|word|links [SELECTOR]

It reads the file from its standard input and prints one JSON object.
"""

import json
import sys
from typing import Any

from notifier.reading.extraction_lines import Extract, UnreadableError


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


def answer(what: str, selector: str, content: bytes, characters: int) -> dict[str, Any]:
    """Return what the file says, or why it says nothing."""
    try:
        match what:
            case "pdf":
                from notifier.reading.extraction_pdf import text_of_pdf  # noqa: PLC0415 -- only what is needed

                found = text_of_pdf(content, characters)
            case "html":
                from notifier.reading.extraction_html import text_of_html  # noqa: PLC0415 -- the same

                found = text_of_html(content, characters)
            case "links":
                from notifier.reading.extraction_html import links_of_html  # noqa: PLC0415 -- the same

                return {"links": links_of_html(content, selector)}
            case _:
                from notifier.reading.extraction_word import text_of_word  # noqa: PLC0415 -- the same

                found = text_of_word(content, characters)
    except UnreadableError as fault:
        return {"reason": fault.reason, "message": fault.message}
    except MemoryError:
        return {"reason": "too-large"}
    except RecursionError:
        return {"reason": "broken"}
    return _as_json(found)


def _as_json(found: Extract) -> dict[str, Any]:
    # Half a surrogate pair cannot be printed; it comes from broken tables of characters.
    lines = [line.encode("utf-8", "replace").decode() for line in found.lines]
    return {
        "lines": lines,
        "pages": found.pages,
        "title": found.title.encode("utf-8", "replace").decode(),
        "warnings": found.warnings,
    }


def main() -> None:
    """Read the file, print the answer."""
    memory, seconds, characters = map(int, sys.argv[1:4])
    what, selector = sys.argv[4], (sys.argv[5] if len(sys.argv) > 5 else "")
    confine(memory, seconds)
    content = sys.stdin.buffer.read()
    sys.stdout.write(json.dumps(answer(what, selector, content, characters)))


if __name__ == "__main__":
    main()
