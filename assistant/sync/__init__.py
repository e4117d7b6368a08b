"""Wikis as sources: their pages are kept in a folder each, which is read like any other."""
