"""The run room: from a compiled program to numbers: sessions, functions, threads."""
