# One image for every service; docker-compose.yml says which of them a container runs.

# The full image has the compiler that better-sqlite3 needs where none of its prebuilt binaries fits.
FROM node:20.20.2-bookworm AS builder
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY shared shared
COPY apps apps
RUN npx tsc -p . && npx vite build apps/monitor/page --logLevel warn && npm prune --omit=dev --no-audit --no-fund

# The same Debian and the same Node, so that the native module loads.
FROM node:20.20.2-bookworm-slim
ENV NODE_ENV=production MALLOC_ARENA_MAX=1
ENV NODE_OPTIONS="--max-semi-space-size=8 --max-old-space-size=256"
WORKDIR /app
# A new named volume that is mounted here takes over this owner. No VOLUME: the one-shot containers keep nothing.
RUN install -d -o node -g node -m 0700 /data
COPY --from=builder /app/node_modules node_modules
COPY --from=builder /app/dist dist
# Says that the files in dist are ES modules.
COPY package.json ./
USER node
