"""The Hugging Face hub: how it is named, and whether asking it makes sense."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit
from urllib.request import getproxies

PREFIX = "hf:"
"""What is named with it, and nothing else, may be fetched over a network."""


def may_reach_hub() -> bool:
    """Whether a try makes sense; without it huggingface_hub would try for half a minute."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return False
    if getproxies():
        return True
    try:
        socket.getaddrinfo(urlsplit(constants.ENDPOINT).hostname, 443)
    except OSError:
        return False
    return True
