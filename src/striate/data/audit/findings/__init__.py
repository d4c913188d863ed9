"""One file per kind of finding; the folder is the list of them.

Each holds `FINDING`, a `Finding`: its code, how bad it is, what it means, what to do about it, and
the check over what a scan knows.
"""
