"""Logs and metrics of deployments and samplers: asked of the API live, shown and not stored."""
