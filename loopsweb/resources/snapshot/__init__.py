"""How answers of the API become rows, with their status changes. Knows no noun."""
