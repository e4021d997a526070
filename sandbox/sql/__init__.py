"""From SQL text to a draft: what is asked, resolved and typed, before bounds and noise."""
