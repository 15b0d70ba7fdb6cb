# syntax=docker/dockerfile:1
# Stages: build (wheels), test (everything the tests need), final (what runs in production:
# no compiler, no stand-ins, a user of its own).

FROM python:3.13-slim AS build
WORKDIR /src
# `--build-arg REQUIREMENTS=full` for tools of MCP servers, PostgreSQL, traces, kept wires and Vertex.
ARG REQUIREMENTS=base
RUN python -m venv /opt/seamline
COPY requirements/${REQUIREMENTS}.txt requirements/
RUN /opt/seamline/bin/pip install --no-cache-dir --require-hashes -r requirements/${REQUIREMENTS}.txt
COPY pyproject.toml README.md LICENSE ./
COPY agent agent
RUN /opt/seamline/bin/pip install --no-cache-dir --no-deps .

FROM python:3.13-slim AS test
WORKDIR /src
# Whatever version the day's Debian has will do: nothing of this gets into the final image.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends make gcc libc6-dev git chromium postgresql \
 && rm -rf /var/lib/apt/lists/*
COPY . .
RUN make setup-quality
CMD ["make", "test"]

FROM python:3.13-slim AS final
RUN groupadd --gid 10001 seamline \
 && useradd --no-log-init --uid 10001 --gid 10001 --no-create-home \
        --home-dir /var/lib/seamline --shell /usr/sbin/nologin seamline \
 && install -d -o seamline -g seamline -m 0700 /var/lib/seamline
COPY --from=build /opt/seamline /opt/seamline
COPY config /etc/seamline
ENV PATH=/opt/seamline/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SEAMLINE_DATA=/var/lib/seamline
USER 10001
WORKDIR /var/lib/seamline
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
ENTRYPOINT ["seamline"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080", "--config", "/etc/seamline/service.yaml"]
