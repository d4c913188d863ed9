"""Text to graph and back."""
