"""Samplers: their rows, status words, sync, creation and pages."""
