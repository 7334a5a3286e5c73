"""Decisions in plain Python: may it, what next, who, what does it cost, who is told when. Standard library only."""
