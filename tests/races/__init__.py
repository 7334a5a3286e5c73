"""Races with real processes, each with a control that fails when the guard is off."""
