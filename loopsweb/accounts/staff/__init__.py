"""Admin pages for credentials, and the rule whose accounts staff may change."""
