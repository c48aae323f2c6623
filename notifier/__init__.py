"""Deadlines of Japanese care offices: from the regulator's notice to a reminder in the office's mailbox."""
