"""What anyone gets to read: wording, serializers, calendar files, links."""
