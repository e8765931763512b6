# PostgreSQL 15 with Matriarch: the image of the members and of the operator.
# scripts/build writes the binary; docker build and buildah read the same file.
ARG BASE=debian:bookworm-slim
FROM ${BASE} AS postgres

RUN set -eu; \
    groupadd --gid 10026 matriarch; \
    useradd --uid 10026 --gid 10026 --home-dir /var/lib/postgresql --no-create-home --shell /usr/sbin/nologin matriarch; \
    mkdir -p /etc/postgresql-common; \
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf; \
    apt-get update; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        postgresql-15 libcurl4 libpq5 libyaml-0-2 ca-certificates; \
    apt-get clean; \
    rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*.log /var/log/apt /usr/share/doc/* /usr/share/man/*; \
    install -d -o 10026 -g 10026 -m 0750 /var/lib/postgresql /var/lib/postgresql/data; \
    install -d -o 10026 -g 10026 -m 0755 /run/matriarch /etc/matriarch

ENV LANG=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/bin:/usr/lib/postgresql/15/bin PGDATA=/var/lib/postgresql/data/pgdata
USER 10026:10026
WORKDIR /var/lib/postgresql
EXPOSE 5432 8008
STOPSIGNAL SIGTERM

FROM postgres
COPY .build/bin/matriarch /usr/local/bin/matriarch
ENTRYPOINT ["/usr/local/bin/matriarch"]
