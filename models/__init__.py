"""Tables, constraints and their queries."""
