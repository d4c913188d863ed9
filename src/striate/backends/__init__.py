"""Targets a graph can be turned into; each is loaded only when asked for by name."""
