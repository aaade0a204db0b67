"""Limner paints pictures from words, in the background."""
