"""Through the front door, across several rooms."""
