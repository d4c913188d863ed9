"""Questions about a graph; none of them changes it or needs torch."""
