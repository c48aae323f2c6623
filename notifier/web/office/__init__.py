"""The office's own page: reached by a signed address or a typed code, without a login; it shows this one office only."""
