"""Stores answers of the API as rows, with their status changes. Imports no noun."""
