"""The conseil de classe: what it says of each pupil, and when a class is told (decisions 10, 11, 23 and 25)."""
