"""The request to the API behind a page or an action, to be copied into a shell or a script."""
