import django.db.models.deletion
from django.db import migrations, models

from loopsweb.ui.search import join_normalized

FIELDS = (
    "person", "target_id", "target_name", "target_owner", "reason", "action", "incident",
)  # fmt: skip
AT_ONCE = 5000


def index_events(apps, schema_editor):
    """Some seconds for 100,000 events."""
    Event, SearchText = (apps.get_model("audit", name) for name in ("Event", "SearchText"))
    events = Event.objects.order_by("pk").values_list("pk", *FIELDS)
    last = 0
    while some := list(events.filter(pk__gt=last)[:AT_ONCE]):
        last = some[-1][0]
        SearchText.objects.bulk_create(
            (SearchText(event_id=pk, text=join_normalized(values)) for pk, *values in some),
            batch_size=1000,
        )


class Migration(migrations.Migration):
    dependencies = [("audit", "0006_workspace_help_text")]

    operations = [
        migrations.CreateModel(
            name="SearchText",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="search",
                        serialize=False,
                        to="audit.event",
                    ),
                ),
                ("text", models.TextField()),
            ],
        ),
        migrations.RunPython(index_events, migrations.RunPython.noop),
    ]
