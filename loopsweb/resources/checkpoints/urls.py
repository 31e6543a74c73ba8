from __future__ import annotations

from django.urls import path

from loopsweb.resources.checkpoints import (
    deployment_views,
    expiry_views,
    file_views,
    link_views,
    manifest_views,
    storage_views,
    uri_views,
    validation_views,
    views,
)

app_name = "checkpoints"
urlpatterns = [
    path("", views.list_checkpoints, name="list"),
    path("storage/", storage_views.show_storage, name="storage"),
    path("validate/", validation_views.validate_uri, name="validate"),
    path("find/", uri_views.find_checkpoint, name="find"),
    path("<remote_id:remote_id>/", views.show_checkpoint, name="detail"),
    path("<remote_id:remote_id>/expiry/", expiry_views.change_expiry, name="expiry"),
    path("<remote_id:remote_id>/inference/", deployment_views.deploy_checkpoint, name="deploy"),
    path("<remote_id:remote_id>/files/", file_views.list_files, name="files"),
    path("<remote_id:remote_id>/files/manifest/", manifest_views.write_manifest, name="manifest"),
    path("<remote_id:remote_id>/files/download/", file_views.download_file, name="download"),
]
site_urlpatterns = [path("<str:link>/", link_views.open_link, name="open")]
