"""The notation: text to tree to graph, and back."""

from striate.notation.parser import parse, parse_expression

__all__ = ["parse", "parse_expression"]
