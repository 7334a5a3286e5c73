"""Time arithmetic: intervals, opening hours, availability. Standard library only; whole UTC minutes inside."""
