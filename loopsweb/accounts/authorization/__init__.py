"""Roles, their permissions, and the decorators and middleware that enforce them."""
