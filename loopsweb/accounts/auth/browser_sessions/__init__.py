"""The browser sessions of a person: listing and ending them."""
