"""How the parts run together on one machine: one supervisor, the web server, the worker, a private Valkey."""
