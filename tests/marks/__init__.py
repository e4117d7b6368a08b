"""Marks in a file's own markup against those that were found in it."""
