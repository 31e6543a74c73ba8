"""The resources of the Loops API in a workspace: a package per noun, and what all nouns share."""
