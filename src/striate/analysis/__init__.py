"""Questions about a graph; none of them changes it or needs torch.

Records are named tuples: they are defined several times faster than dataclasses, and `show` waits.
"""
