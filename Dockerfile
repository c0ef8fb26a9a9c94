# One image for every part: `docker run calsync` serves, `docker run calsync worker` adds workers.
FROM python:3.13-slim-bookworm AS build
COPY requirements.run.lock /tmp/
RUN python -m venv /opt/calsync \
    && /opt/calsync/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/requirements.run.lock

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home calsync
COPY --from=build /opt/calsync /opt/calsync
WORKDIR /app
COPY supabase supabase
COPY sql sql
COPY shared shared
COPY functions functions
ENV PATH=/opt/calsync/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0 PORT=54321
USER calsync
EXPOSE 54321
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=4)"]
ENTRYPOINT ["python", "-m", "shared.cli"]
CMD ["serve"]
