"""The demonstration: the whole story, on real public data, through the real service."""
