"""What tests stand on: servers, databases, a browser, doubles of the outside."""
