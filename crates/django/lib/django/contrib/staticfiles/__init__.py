"""Static files. It has no models."""
