"""Pages: values turned into HTML, escaped; and all templates compiled once, to see whether they can be."""

from pathlib import Path

from notifier import assets
from notifier.errors import RenderingError
from notifier.rendering.environments import FAULTS, environment, fault


class Pages:
    """Turns values into pages (`templates/pages/`), escaped. Overrides and reading once: as for letters."""

    def __init__(self, overrides: Path | None = None, **shared: object) -> None:
        """Open the templates; `shared` is known to every page."""
        folders = [*([overrides] if overrides else []), assets.folder("templates")]
        self._environment = environment(folders)
        self._environment.globals |= shared

    def render(self, name: str, **values: object) -> str:
        """Return the page `name` (`board.html`). Raises RenderingError naming the page and the fault."""
        try:
            return self._environment.get_template(f"pages/{name}").render(values)
        except FAULTS as error:
            message = f"the page {name} cannot be rendered: {error}; mend the template or remove the override"
            raise RenderingError(message) from error


def check_templates(overrides: Path | None = None) -> int:
    """Compile every template and return how many there are. Raises RenderingError naming a faulty one."""
    templates = environment([*([overrides] if overrides else []), assets.folder("templates")])
    names = templates.list_templates(extensions=["txt", "html"])
    for name in names:
        try:
            templates.get_template(name)
        except FAULTS as error:
            raise fault(name, error) from error
    return len(names)
