"""How the product is run: request ids, logs, metrics, readiness, backups. Knows no table of the other rooms."""
