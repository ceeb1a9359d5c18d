"""What guardians change in their own data, until SIECLE says the same."""
