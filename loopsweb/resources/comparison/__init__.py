"""Two runs or two checkpoints side by side."""
