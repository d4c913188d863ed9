"""striate: a convolutional network is a text that compiles to a typed graph."""

__version__ = "0.1.0"
