"""Text to graph and back."""

from striate.notation.elaborate import Elaborator
from striate.notation.evaluate import known_names
from striate.notation.patterns import Pattern
from striate.notation.program import Program, program

__all__ = ["Elaborator", "Pattern", "Program", "known_names", "program"]
