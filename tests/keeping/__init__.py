"""Safe keeping: backups, restores, upgrades."""
