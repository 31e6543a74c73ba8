"""What whoever runs loopsweb looks at: /metrics, and `manage.py diagnose`."""
