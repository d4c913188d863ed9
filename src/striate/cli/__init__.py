"""The command line: finds the commands, turns mistakes into text and an exit code."""
