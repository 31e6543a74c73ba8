"""Template tags that read the snapshot."""
