from django.db import migrations, models

from loopsweb.ui.search import refresh_search_text

FIELDS = {
    "Session": ("remote_id",),
    "Run": ("remote_id", "name", "session_remote_id", "owner_email", "base_model"),
    "Sampler": ("remote_id", "base_model", "run_remote_id", "session_remote_id", "owner_email"),
    "Checkpoint": ("remote_id", "name", "run_remote_id", "base_model"),
    "Deployment": (
        "remote_id", "base_model", "owner_email", "active_run_remote_id", "latest_run_remote_id",
        "instance_name",
    ),
    "Deactivation": ("target_remote_id", "target_owner", "person", "approver", "reason"),
}  # fmt: skip


def fill_search_texts(apps, schema_editor):
    """Some seconds for 100,000 rows."""
    for name, of in FIELDS.items():
        refresh_search_text(apps.get_model("resources", name)._default_manager.all(), of)


class Migration(migrations.Migration):

    dependencies = [
        ('resources', '0008_omitted_fields'),
    ]

    operations = [
        migrations.AddField(
            model_name='checkpoint',
            name='search_text',
            field=models.TextField(blank=True, default='', editable=False),
        ),
        migrations.AddField(
            model_name='deactivation',
            name='search_text',
            field=models.TextField(blank=True, default='', editable=False),
        ),
        migrations.AddField(
            model_name='deployment',
            name='search_text',
            field=models.TextField(blank=True, default='', editable=False),
        ),
        migrations.AddField(
            model_name='run',
            name='search_text',
            field=models.TextField(blank=True, default='', editable=False),
        ),
        migrations.AddField(
            model_name='sampler',
            name='search_text',
            field=models.TextField(blank=True, default='', editable=False),
        ),
        migrations.AddField(
            model_name='session',
            name='search_text',
            field=models.TextField(blank=True, default='', editable=False),
        ),
        migrations.RunPython(fill_search_texts, migrations.RunPython.noop),
    ]
