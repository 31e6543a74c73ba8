"""The audit trail: who did what, when and why, as one verifiable chain of events per workspace.

Knows no keys and no resources: it may import only loopsweb.ui, the settings and Celery.
"""
