"""Sessions: their rows, creation, adding by ID and pages. No route of the API lists them."""
