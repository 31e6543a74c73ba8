"""Invitations to join a team: sending, accepting, declining and revoking them."""
