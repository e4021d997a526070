"""The language by examples: what each question means, on tables small enough to check by hand."""
