# One image for web, worker, beat and migrate; docker-compose.yml says which is which.
FROM python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d AS packages
COPY requirements.lock /
RUN python -m venv /packages \
 && /packages/bin/pip install --no-cache-dir --require-hashes -r /requirements.lock

FROM python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d
ENV PATH=/packages/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=loopsweb.settings \
    STATIC_ROOT=/app/collected
COPY --from=packages /packages /packages
WORKDIR /app
COPY manage.py ./
COPY loopsweb loopsweb
COPY templates templates
COPY static static
# Static files are collected once, here. The three values are of no use to anyone and stay here.
RUN SECRET_KEY=build LOOPSWEB_SECRET_KEYS=1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= REDIS_URL=redis://build \
    python manage.py collectstatic --no-input -v0 \
 && useradd --system --uid 10001 --no-create-home loopsweb \
 && install -d -o 10001 /heads /metrics
USER 10001
EXPOSE 8000
CMD ["python", "-m", "loopsweb.serving.web_server", "--host", "0.0.0.0", "--port", "8000", "--workers", "2"]
