"""What the API's server offers a workspace: base models to train, prices of instance types."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.db import models

from loopsweb.accounts.models import Workspace
from loopsweb.resources.deployments.models import Deployment

STALE_AFTER = timedelta(hours=1)


class Catalogue(models.Model):
    """`supported_models` is what the capabilities route lists, None where it is not offered.
    `prices` is {instance type id: USD per minute, as text}, None where not offered."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="catalogue")
    supported_models = models.JSONField(null=True)
    prices = models.JSONField(null=True)
    as_of = models.DateTimeField()

    def __str__(self) -> str:
        return f"catalogue of {self.workspace}"

    def max_context_length(self, base_model: str) -> int | None:
        for model in self.supported_models or ():
            if model["model_name"] == base_model:
                return int(model["max_context_length"])
        return None

    def cost_per_hour(self, deployment: Deployment) -> Decimal | None:
        """USD per hour the deployment costs now: 0 when it holds nothing, None when unknown."""
        if deployment.gpus_held == 0:
            return Decimal(0)
        price = (self.prices or {}).get(deployment.instance_id)
        if price is None or not deployment.status:
            return None
        return Decimal(price) * 60 * (deployment.node_count or 1)
