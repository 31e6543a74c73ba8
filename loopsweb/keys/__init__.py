"""API keys: their encrypted storage, what each key can do, and the API clients built from them."""
