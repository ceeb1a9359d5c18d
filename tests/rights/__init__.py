"""Who may do what (design, rights table): tables that are tried, and from which docs/security.md is written."""
