"""Understanding what others write: pure, from bytes to values; what it must know of the law is handed in."""
