"""What pages share: look, headers, limits, language, errors."""
