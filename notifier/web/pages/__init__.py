"""The pages for municipal staff, one module for each kind."""
