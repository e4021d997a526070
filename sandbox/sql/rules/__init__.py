"""The clauses of a SELECT, one per file."""
