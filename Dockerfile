# Two images: `resound` (the default) runs everything; `models` adds torch, which only pulling language models needs.

FROM python:3.12-slim-bookworm AS wheel
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim-bookworm AS libraries
COPY --from=wheel /wheels /wheels
# Older pips fail on `lxml[html_clean]` asked for in two spellings.
RUN python -m venv /opt/resound \
    && /opt/resound/bin/pip install --no-cache-dir "pip>=24.1" \
    && /opt/resound/bin/pip install --no-cache-dir "$(echo /wheels/resound-*.whl)[nlp,elastic,postgres,web,oidc,report]"

FROM python:3.12-slim-bookworm AS resound
# Chinese and Vietnamese in reports and charts, and what sets the PDF.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        fonts-noto-cjk fonts-noto-core libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/*
# The uid is fixed: files in volumes belong to it, whatever image reads them next.
RUN useradd --uid 10001 --user-group --create-home resound \
    && install --directory --owner=resound --group=resound /data /models
COPY --from=libraries /opt/resound /opt/resound
ENV PATH=/opt/resound/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LANG=C.UTF-8 \
    RESOUND_DATA=/data \
    RESOUND_MODELS=/models
USER 10001
WORKDIR /data
VOLUME ["/data", "/models"]
# Longer than an index that does not answer takes to be given up.
HEALTHCHECK --interval=60s --timeout=45s --start-period=60s CMD ["resound", "ready"]
ENTRYPOINT ["resound"]
CMD ["--help"]

FROM resound AS models
# PIP_EXTRA: options for pip where torch comes from, such as an index that has it without the 2 GB for graphics cards.
ARG TORCH="torch>=2.6"
ARG PIP_EXTRA=""
COPY --from=wheel /wheels /wheels
USER root
RUN pip install --no-cache-dir $PIP_EXTRA "$TORCH" \
    && pip install --no-cache-dir "$(echo /wheels/resound-*.whl)[nlp-torch]"
USER 10001
HEALTHCHECK NONE
CMD ["models", "pull", "standard", "--yes"]

# The last stage is what `docker build .` makes: the small image.
FROM resound
USER 10001
