"""Template tags about people and what they confirm."""
