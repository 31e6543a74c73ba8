"""Ending deployments, runs and samplers: impact, requirements, requests, dispatch, outcome."""
