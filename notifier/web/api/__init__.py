"""The door on the web for programs, under /v1: events in, as CloudEvents; faults as problem details."""
