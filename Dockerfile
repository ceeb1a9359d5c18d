# The product's image, and the demonstration's: docs/deployment.md.
#   docker build --tag scolarite .                       what production runs
#   docker build --target demo --tag scolarite-demo .    everything in one container, with simulators

ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS base
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

# --- The libraries: every one pinned and its hash checked -------------------------------------------------------------
FROM base AS libraries
COPY requirements/base.txt requirements/base.txt
RUN python -m venv /venv \
    && python -m pip install --require-hashes --requirement requirements/base.txt

FROM libraries AS demo-libraries
COPY requirements/dev.txt requirements/dev.txt
RUN python -m pip install --require-hashes --requirement requirements/dev.txt

# --- PostgreSQL's own programs for backups, of the server's version, with the libraries that they were made with ------
FROM postgres:18-bookworm AS postgresql
RUN mkdir -p /programs/lib \
    && cp /usr/lib/postgresql/18/bin/pg_dump /usr/lib/postgresql/18/bin/pg_restore /programs/ \
    && ldd /programs/pg_dump /programs/pg_restore | awk '$3 ~ /^\// {print $3}' | sort -u \
       | grep -vE '/(libc|libm|libdl|libpthread|librt)\.so' | xargs -I{} cp -L {} /programs/lib/

# --- The product ------------------------------------------------------------------------------------------------------
FROM base AS product
RUN groupadd --system --gid 10001 scolarite \
    && useradd --system --uid 10001 --gid scolarite --no-create-home --home-dir /tmp --shell /usr/sbin/nologin scolarite
COPY --from=libraries /venv /venv
COPY --from=postgresql /programs /opt/postgresql
ENV POSTGRESQL_PROGRAMS=/opt/postgresql
RUN LD_LIBRARY_PATH=/opt/postgresql/lib /opt/postgresql/pg_dump --version \
    && LD_LIBRARY_PATH=/opt/postgresql/lib /opt/postgresql/pg_restore --version \
    && install --directory --owner=10001 --group=10001 --mode=700 /backups
COPY manage.py ./
COPY scolarite scolarite
COPY operations operations
COPY audit audit
COPY notifications notifications
COPY schools schools
COPY accounts accounts
COPY orientation orientation
COPY portal portal
COPY templates templates
COPY static static
COPY locale locale
COPY deploy/gunicorn.conf.py deploy/health.py deploy/
ENV STATIC_ROOT=/app/staticfiles HOME=/tmp
# a throw-away environment: settings refuse to load without it, and nothing of it stays in the image
RUN DJANGO_SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
    DATABASE_URL=postgresql://nobody@localhost/none \
    REDIS_URL=redis://localhost \
    SITE_URL=https://localhost \
    DEFAULT_FROM_EMAIL=nobody@localhost \
    python manage.py collectstatic --no-input --verbosity 0 \
    && python -m compileall -q -j 0 /app
EXPOSE 8000
# only /tmp is written to: the root can be read-only, and /tmp memory
HEALTHCHECK --interval=15s --timeout=5s --start-period=40s --retries=3 CMD ["python", "deploy/health.py", "web"]
USER 10001:10001
CMD ["gunicorn", "--config", "deploy/gunicorn.conf.py", "scolarite.wsgi"]

# --- The demonstration: embedded databases, simulators, everything that `make demo` starts ----------------------------
FROM product AS demo
COPY --from=demo-libraries /venv /venv
COPY requirements requirements
COPY demo demo
HEALTHCHECK NONE
CMD ["python", "-m", "demo", "--port", "8000", "--folder", "/tmp/demo"]

# --- What a build without --target makes ------------------------------------------------------------------------------
FROM product AS production
