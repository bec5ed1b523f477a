"""Tests of the rewriting room."""
