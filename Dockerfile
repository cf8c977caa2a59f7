FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements.lock .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Demarche" org.opencontainers.image.licenses="MIT AND CC-BY-4.0"
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 LOG_FORMAT=json
RUN useradd --system --uid 10001 --no-create-home demarche
WORKDIR /app
COPY --from=build /venv /venv
COPY LICENSE ./
COPY manage.py ./
COPY policy policy
COPY api api
COPY docs/guide.md docs/
COPY docs/apply_delta.py docs/
COPY fixtures/*.json fixtures/
COPY fixtures/LICENSE fixtures/
COPY fixtures/manifests fixtures/manifests
RUN python -m compileall -q policy api
USER 10001
EXPOSE 8000
# Each connection goes to any of the workers: eight find one that hangs.
HEALTHCHECK --interval=30s --timeout=10s --start-period=15s \
    CMD ["python", "-c", "import urllib.request as r; [r.urlopen('http://127.0.0.1:8000/healthz', timeout=3) for _ in range(8)]"]
CMD ["python", "-m", "api", "--host", "0.0.0.0", "--port", "8000"]
