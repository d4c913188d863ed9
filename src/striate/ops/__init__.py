"""All layers; the folder is the list."""
