"""Faults the program can name.

An outcome that the domain foresees is a value; what stops the work is one of these.
The message of each says what is wrong, where, and what to do about it; the command line
prints it as one line on standard error.
"""


class NotifierError(Exception):
    """Something stopped the work; the message says what, where and what to do."""


class RefusedFieldError(NotifierError):
    """What was asked for makes no sense in one respect; `about` names the field, "" where it is none."""

    def __init__(self, message: str, about: str = "") -> None:
        """Say what is wrong; `about` lets a form show it beside the field."""
        super().__init__(message)
        self.about = about


class SettingsError(NotifierError):
    """A setting is missing or cannot be used."""


class CatalogueError(NotifierError):
    """The law as data cannot be read: names the file, the entry and the mend."""


class ScenarioError(NotifierError):
    """A scenario for the simulation cannot be read: names the place and the mend."""


class ImportRefusedError(NotifierError):
    """A list of offices cannot be taken over as it stands."""


class SubscriptionRefusedError(RefusedFieldError):
    """What offices are to be told, or by which contacts, was decided in a way that makes no sense."""


class KeyRefusedError(NotifierError):
    """A key for programs was asked for that makes no sense."""


class CalendarRefusedError(NotifierError):
    """An address of a calendar was asked for, or is to be revoked, where that makes no sense."""


class EndpointRefusedError(RefusedFieldError):
    """An endpoint was to be added or changed in a way that makes no sense."""


class NoticeRefusedError(NotifierError):
    """A notice was to go where it may not go from where it stands."""


class SecondPersonError(NoticeRefusedError):
    """A notice was to be approved by whoever has reviewed it."""


class SourceRefusedError(NotifierError):
    """A source was to be watched that cannot be."""


class StoreError(NotifierError):
    """The database cannot be reached or refuses to keep what it was given."""


class RenderingError(NotifierError):
    """A template cannot be turned into a letter: names the template and the variable."""


class UnknownError(NotifierError):
    """Something that was asked for by name does not exist."""


class UnknownFieldError(RefusedFieldError, UnknownError):
    """What was asked for names something that does not exist; `about` says where, as steps with `/` between."""


class OutdatedError(NotifierError):
    """What was to be changed has been changed by somebody else since it was read; read it again first."""


class ChannelError(NotifierError):
    """A way out (mail relay, endpoint) cannot be used at all; nothing was sent."""


class VerificationError(NotifierError):
    """What was checked does not hold: something was changed, taken out or put in."""


class AuthorityRefusedError(NotifierError):
    """An authority was described in a way that makes no sense."""


class AccountRefusedError(RefusedFieldError):
    """An account was asked for, or is to be changed, in a way that makes no sense."""
