"""The dialogue between the conseil de classe and the family: what was asked, said and answered."""
