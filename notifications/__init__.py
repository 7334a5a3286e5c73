"""Everything that is sent: the only room that talks to the outside."""
