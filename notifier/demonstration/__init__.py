"""What the demonstration shows: an invented city and what happened in it."""

from notifier.demonstration.city import CityOffice, city
from notifier.demonstration.history import Happening, happenings

__all__ = ["CityOffice", "Happening", "city", "happenings"]
