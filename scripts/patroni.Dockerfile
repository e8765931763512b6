# Patroni on our image's PostgreSQL, to be measured beside Matriarch (scripts/bench --patroni). Nothing of it is in the product.
ARG BASE
FROM ${BASE}
USER 0:0
RUN set -eu; \
    apt-get update; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        python3 python3-psycopg2 python3-yaml python3-dateutil python3-psutil python3-urllib3 python3-click \
        python3-prettytable; \
    apt-get clean; \
    rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*.log /var/log/apt /usr/share/doc/* /usr/share/man/*
COPY patroni /opt/patroni
ENV PYTHONPATH=/opt/patroni PYTHONUNBUFFERED=1
USER 10026:10026
ENTRYPOINT ["/usr/bin/python3", "-m", "patroni", "/etc/patroni/patroni.yml"]
