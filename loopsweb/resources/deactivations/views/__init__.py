"""The pages of deactivations. Only urls imports them."""
