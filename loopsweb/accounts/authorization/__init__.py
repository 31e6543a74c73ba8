"""What a person may do: roles, permissions, and the decorators and middleware that enforce them."""
