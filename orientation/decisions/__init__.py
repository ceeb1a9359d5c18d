"""How the dialogue ends: décisions d'orientation, and what follows a disagreement (decisions 12, 13, 21 and 22)."""
