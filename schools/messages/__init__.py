"""What a school tells its families: written by its heads, read on the families' pages."""
