"""The list, detail and creation pages that all nouns share."""
