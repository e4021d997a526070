"""Recipients' marks in released tables, and the trace from a leaked table back to them. Pure: no files, no database."""
