"""The law as shipped data: notices, facts, services, ladders, authorities, one file per family of duties."""

from notifier.catalogue.duties import deadline_as_data, deadline_from_data
from notifier.catalogue.findings import Finding, lint
from notifier.catalogue.forms import dump_due, parse_due
from notifier.catalogue.loader import Catalogue, load
from notifier.catalogue.services import ServiceType
from notifier.catalogue.sources import statement_as_data, statement_from_data
from notifier.catalogue.vocabulary import FactType

__all__ = [
    "Catalogue",
    "FactType",
    "Finding",
    "ServiceType",
    "deadline_as_data",
    "deadline_from_data",
    "dump_due",
    "lint",
    "load",
    "parse_due",
    "statement_as_data",
    "statement_from_data",
]
