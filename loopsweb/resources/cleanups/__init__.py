"""Cleaning up checkpoints: rules of what to keep, the plan, and requests that carry it out."""
