# Step 3: the same, compiled while building. On a read-only root Python cannot keep what it compiles, so without this it compiles at every start.
# हिन्दी: बाइटकोड पहले ही बना दिया जाता है, ताकि हर शुरुआत में न बनाना पड़े।
FROM python:3.11-slim-bookworm AS build
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir --disable-pip-version-check uv==0.13.9
WORKDIR /src
COPY pyproject.toml uv.lock README.md LICENSE ./
ENV UV_PROJECT_ENVIRONMENT=/app UV_LINK_MODE=copy UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never
RUN /opt/uv/bin/uv sync --locked --no-default-groups --no-install-project --compile-bytecode
COPY src src
RUN /opt/uv/bin/uv sync --locked --no-default-groups --no-editable --compile-bytecode

FROM python:3.11-slim-bookworm
COPY --from=build /app /app
RUN mkdir -p /data && chown 10001:10001 /data
ENV PATH=/app/bin:/usr/local/bin:/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1 MELA_HOST=0.0.0.0 MELA_DATA=/data
USER 10001:10001
ENTRYPOINT ["mela"]
CMD ["up"]
