"""Checkpoints: their rows, which queries poll them, their pages and files."""
