"""Entering a family's choices from its paper form (decision 14)."""
