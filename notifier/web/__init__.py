"""The door on the web: pages for municipal staff, rendered on the server, without JavaScript."""
