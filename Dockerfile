# PostgreSQL with Matriarch: the image of the members and of the operator.
# scripts/build writes the binary; docker build and buildah read the same file. Of the major version, the base must have
# the package: 15 bookworm, 17 trixie, 18 forky. The binary is built on bookworm and runs on all of them.
ARG BASE=debian:bookworm-slim
FROM ${BASE} AS postgres
ARG POSTGRES=15

RUN set -eu; \
    groupadd --gid 10026 matriarch; \
    useradd --uid 10026 --gid 10026 --home-dir /var/lib/postgresql --no-create-home --shell /usr/sbin/nologin matriarch; \
    mkdir -p /etc/postgresql-common; \
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf; \
    apt-get update; \
    # Its package has another name since trixie, with times of 64 bits on every architecture.
    curl=libcurl4t64; apt-cache show "$curl" >/dev/null 2>&1 || curl=libcurl4; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        "postgresql-${POSTGRES}" "$curl" libpq5 libyaml-0-2 ca-certificates; \
    apt-get clean; \
    rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*.log /var/log/apt /usr/share/doc/* /usr/share/man/*; \
    install -d -o 10026 -g 10026 -m 0750 /var/lib/postgresql /var/lib/postgresql/data; \
    install -d -o 10026 -g 10026 -m 0755 /run/matriarch /etc/matriarch

ENV LANG=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/bin:/usr/lib/postgresql/${POSTGRES}/bin PGDATA=/var/lib/postgresql/data/pgdata
USER 10026:10026
WORKDIR /var/lib/postgresql
EXPOSE 5432 8008
STOPSIGNAL SIGTERM

FROM postgres
COPY .build/bin/matriarch /usr/local/bin/matriarch
ENTRYPOINT ["/usr/local/bin/matriarch"]
