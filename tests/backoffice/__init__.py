"""What staff do at the desk, through its front door."""
