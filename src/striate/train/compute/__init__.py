"""How steps are computed: precision, layout, compiled or not, in which memory, how fast."""
