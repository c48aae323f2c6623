"""The arrows: each step loads, decides and saves in one transaction, and leaves the next message in the outbox."""
