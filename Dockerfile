# mailfrom in a container:
#   docker build -t mailfrom .
#   docker run --rm -it -u "$(id -u):$(id -g)" -v "$PWD:/fleet" -v ~/.aws:/aws:ro mailfrom plan fleet.yaml
# The first stage builds the Debian package, the second has nothing but it. tests/package/dockerfile.py
# carries these lines out without an engine.
FROM debian:13-slim AS build
WORKDIR /src
COPY tools/setup tools/
RUN tools/setup build
COPY . .
RUN cmake --preset release -DMAILFROM_TESTS=OFF && cmake --build --preset release --target deb

FROM debian:13-slim
COPY --from=build /src/build/release/mailfrom_*.deb /tmp/
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates /tmp/mailfrom_*.deb && rm -rf /var/lib/apt/lists/* /tmp/mailfrom_*.deb
RUN useradd --system --create-home --home-dir /fleet mailfrom
ENV AWS_CONFIG_FILE=/aws/config AWS_SHARED_CREDENTIALS_FILE=/aws/credentials
USER mailfrom
WORKDIR /fleet
ENTRYPOINT ["mailfrom"]
CMD ["--help"]
