# Step 1: what one writes first. It works; everything that built it stays in it, and it runs as root.
# हिन्दी: पहला प्रयास: चलता है, पर बनाने के औज़ार भी भीतर रह जाते हैं और सब कुछ root चलाता है।
FROM python:3.11-slim-bookworm
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir --disable-pip-version-check uv==0.13.9
WORKDIR /src
COPY . .
ENV UV_PROJECT_ENVIRONMENT=/app UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN /opt/uv/bin/uv sync --locked --no-default-groups --no-editable
ENV PATH=/app/bin:/usr/local/bin:/usr/bin:/bin MELA_HOST=0.0.0.0 MELA_DATA=/data
ENTRYPOINT ["mela"]
CMD ["up"]
