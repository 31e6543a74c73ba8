"""What the Loops API holds, as a workspace sees it: one package per noun, and what all nouns share."""
