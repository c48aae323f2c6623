"""Rendering: the only door to Jinja2, and letters joined from frames that were rendered once."""

from notifier.rendering.composer import Composer
from notifier.rendering.environments import TemplateFaultError
from notifier.rendering.limited import Stationery
from notifier.rendering.pages import Pages, check_templates
from notifier.rendering.views import Composed, ItemView, LetterView, SectionView

__all__ = [
    "Composed",
    "Composer",
    "ItemView",
    "LetterView",
    "Pages",
    "SectionView",
    "Stationery",
    "TemplateFaultError",
    "check_templates",
]
