"""Send: one module for each way out, and nothing that decides what is to be said.

`Parcel` is what a letter needs to leave by e-mail. The ways out are imported from their own modules
(`notifier.channels.email`, `.webhook`, `.recorder`), so that who only builds parcels does not load
the network libraries.
"""

from notifier.channels.parcel import BeforeDot, MailChannel, Parcel

__all__ = ["BeforeDot", "MailChannel", "Parcel"]
