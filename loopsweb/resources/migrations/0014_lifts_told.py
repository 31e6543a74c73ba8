"""A lifted protection can be told of after it is gone. No release has had requests to lift one."""

from __future__ import annotations

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_recovery_codes"), ("resources", "0013_state_words")]

    operations = [
        migrations.DeleteModel("LiftRequest"),
        migrations.CreateModel(
            name="LiftRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("noun", models.CharField(max_length=20)),
                ("remote_id", models.CharField(max_length=255)),
                ("person", models.CharField(max_length=255)),
                ("reason", models.TextField(blank=True)),
                ("requested_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("incident", models.UUIDField(default=uuid.uuid4)),
                ("broke_glass", models.BooleanField(default=False)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
            ],
        ),
    ]
