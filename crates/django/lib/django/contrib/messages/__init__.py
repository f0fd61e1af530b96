"""Messages to visitors. It has no models."""
