"""Deployments: their rows, status words, sync and pages, and how runs are paired with them."""
