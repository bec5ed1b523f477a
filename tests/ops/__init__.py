"""Tests of the ops: a table of rows per family, and the checks that every row passes."""
