"""Personal access tokens, and the pages to create and revoke them."""
