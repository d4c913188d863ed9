"""What of a training is on disk, and how it gets there whole."""
