"""The shell's door: parse, do, answer."""
