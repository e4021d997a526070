"""Runs code of others on rows of units, block by block, so that nothing but its numbers comes back."""
