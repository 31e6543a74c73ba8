"""The JSON API for scripts: its routes, its OpenAPI description and the access tokens it takes."""
