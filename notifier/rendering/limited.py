"""Letters from templates that an authority wrote: rendered in a limited process, joined from frames like all others.

Whatever such a template does (fail, loop, grow), the process that renders it is ended, and who asked is told.
"""

import asyncio
import json
import sys
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from notifier.rendering.environments import TemplateFaultError
from notifier.rendering.frames import Shelf
from notifier.rendering.plain import letter_data, read_frame
from notifier.rendering.views import Composed, LetterView, read

PACKAGES: Final = str(Path(__file__).resolve().parents[2])
CHILD: Final = "notifier.rendering.child"
TOO_SLOW: Final = "too slow or too large"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much rendering may cost: bytes of memory, seconds of processor in all, seconds for one answer, its bytes."""

    memory: int = 192 * 1024 * 1024
    processor: int = 30
    seconds: float = 10
    longest: int = 8_000_000


LIMITS: Final = Limits()


class Child:
    """A limited process that knows one set of templates. Use `Child.started`."""

    def __init__(self, process: asyncio.subprocess.Process, limits: Limits) -> None:
        """Wrap a process that was started."""
        self._process = process
        self._limits = limits

    @classmethod
    @asynccontextmanager
    async def started(
        cls, files: Mapping[str, str], folders: Sequence[Path], limits: Limits = LIMITS
    ) -> AsyncIterator["Child"]:
        """Start a process for these templates, and end it at the end."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-B", "-m", CHILD, str(limits.memory), str(limits.processor)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PYTHONPATH": PACKAGES, "PYTHONUTF8": "1"},
            limit=limits.longest,
        )
        child = cls(process, limits)
        try:
            child.write({"files": dict(files), "folders": [str(each) for each in folders]})
            yield child
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
            await process.communicate()

    def write(self, asked: Mapping[str, Any]) -> None:
        """Hand one line over."""
        if self._process.stdin is None:
            raise RuntimeError("the process was started without pipes")
        self._process.stdin.write(json.dumps(asked, ensure_ascii=False).encode() + b"\n")

    async def ask(self, what: str, letter: LetterView | None = None) -> Mapping[str, Any]:
        """Return the answer. Raises TemplateFaultError with what is wrong; then nothing more may be asked."""
        if self._process.stdout is None:
            raise RuntimeError("the process was started without pipes")
        with suppress(ConnectionError):
            self.write({"what": what} | ({"letter": letter_data(letter)} if letter else {}))
        try:
            async with asyncio.timeout(self._limits.seconds):
                line = await self._process.stdout.readline()
            answer: Mapping[str, Any] = json.loads(line)
        except (TimeoutError, ValueError):  # it was ended by its limits, or its answer has no end
            raise TemplateFaultError(f"the template is {TOO_SLOW}", "", 0, TOO_SLOW) from None
        if "fault" in answer:
            file, number, problem = answer["fault"]
            raise TemplateFaultError(
                f"the template {file}, line {number}: {problem}", file, int(number), str(problem)
            )
        return answer

    async def whole(self, letter: LetterView) -> Composed:
        """Return a letter rendered as a whole. Raises TemplateFaultError."""
        return Composed(**(await self.ask("whole", letter))["whole"])


class LimitedComposer:
    """Turns letters into text by templates of an authority; keeps the frames, and no process between two batches."""

    def __init__(self, files: Mapping[str, str], folders: Sequence[Path], limits: Limits = LIMITS) -> None:
        """Use `files` (`email/letter.txt` → source) before those in `folders`."""
        self._files, self._folders, self._limits = files, folders, limits
        self._frames = Shelf()

    async def compose(self, letters: Sequence[LetterView]) -> list[Composed]:
        """Return the letters in their order. Raises TemplateFaultError at the first that cannot be written."""
        known = [each for each in map(self._known, letters) if each is not None]
        if len(known) == len(letters):
            return known
        async with Child.started(self._files, self._folders, self._limits) as child:
            return [self._known(each) or await self._composed(child, each) for each in letters]

    def _known(self, letter: LetterView) -> Composed | None:
        key, contents, values = read(letter)
        frame = self._frames.find(key, contents)
        return None if frame is None else frame.fill(values)

    async def _composed(self, child: Child, letter: LetterView) -> Composed:
        key, contents, values = read(letter)
        frame = self._frames.find(key, contents)
        if frame is None:
            frame = read_frame((await child.ask("frame", letter))["frame"], contents)
            self._frames.keep(key, frame)
        return frame.fill(values) or await child.whole(letter)


class Stationery:
    """The composers of authorities' versions, those used last; each keeps its frames."""

    MOST: Final = 32

    def __init__(self) -> None:
        """Begin without any."""
        self._kept: OrderedDict[int, LimitedComposer] = OrderedDict()

    def of(self, version: int, files: Mapping[str, str], folders: Sequence[Path]) -> LimitedComposer:
        """Return the composer of a version; versions never change."""
        if version not in self._kept:
            self._kept[version] = LimitedComposer(files, folders)
            if len(self._kept) > self.MOST:
                self._kept.popitem(last=False)
        self._kept.move_to_end(version)
        return self._kept[version]
