"""A person with a browser. Needs Chromium (Debian, Ubuntu: apt-get install chromium); `make e2e` runs it."""
