#!/usr/bin/env bash
# Real database servers for the tests, with data that lives and dies with a folder.
#
#   eval "$(bash tools/servers.sh start FOLDER)"   installs if needed (as root), starts, sets the URLs
#   bash tools/servers.sh stop FOLDER
#
# Debian's postgresql and mariadb-server. They listen on this machine only.
set -euo pipefail

action=${1:?start or stop}
folder=$(realpath -m "${2:?a folder for the data}")
postgres_port=${MATCHING_POSTGRES_PORT:-54329}
mariadb_port=${MATCHING_MARIADB_PORT:-33069}
postgres_bin() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }
say() { echo "$*" >&2; }

# A server refuses to run as root: it gets a user of its own, where there is one to get.
as() {
  local user=$1
  shift
  if [ "$(id -u)" = 0 ]; then runuser -u "$user" -- "$@"; else "$@"; fi
}

install_servers() {
  local missing=()
  [ -n "$(postgres_bin)" ] || missing+=(postgresql)
  command -v mariadbd >/dev/null || [ -x /usr/sbin/mariadbd ] || missing+=(mariadb-server)
  if [ ${#missing[@]} -gt 0 ]; then
    say "installing ${missing[*]}"
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >&2
  fi
}

start_postgres() {
  local data=$folder/postgres bin
  bin=$(postgres_bin)
  if [ ! -e "$data/PG_VERSION" ]; then
    mkdir -p "$data"
    [ "$(id -u)" != 0 ] || chown postgres "$data"
    as postgres "$bin/initdb" -D "$data" -U matching -A trust -E UTF8 --locale=C.UTF-8 >&2
  fi
  as postgres "$bin/pg_ctl" -D "$data" -w -l "$data/log" \
    -o "-p $postgres_port -c listen_addresses=127.0.0.1 -k '' -c fsync=off" start >&2
  as postgres "$bin/createdb" -h 127.0.0.1 -p "$postgres_port" -U matching matching 2>/dev/null || true
  echo "export MATCHING_POSTGRES_URL=postgresql://matching@127.0.0.1:$postgres_port/matching"
}

start_mariadb() {
  local data=$folder/mariadb mariadbd
  mariadbd=$(command -v mariadbd || echo /usr/sbin/mariadbd)
  mkdir -p "$data"
  [ "$(id -u)" != 0 ] || chown mysql "$data"
  [ -d "$data/mysql" ] || as mysql mariadb-install-db --no-defaults --datadir="$data" \
    --auth-root-authentication-method=normal --skip-test-db >&2
  as mysql "$mariadbd" --no-defaults --datadir="$data" --socket="$data/socket" --port="$mariadb_port" \
    --bind-address=127.0.0.1 --pid-file="$data/pid" --log-error="$data/log" \
    --character-set-server=utf8mb4 >/dev/null 2>&1 &
  local admin=(mariadb-admin --no-defaults --socket="$data/socket" -u root)
  for _ in $(seq 60); do
    "${admin[@]}" ping >/dev/null 2>&1 && break
    sleep 0.5
  done
  mariadb --no-defaults --socket="$data/socket" -u root -e "
    CREATE DATABASE IF NOT EXISTS matching CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
    CREATE USER IF NOT EXISTS matching@'127.0.0.1' IDENTIFIED BY 'matching';
    GRANT ALL ON *.* TO matching@'127.0.0.1'" >&2
  echo "export MATCHING_MARIADB_URL=mariadb://matching:matching@127.0.0.1:$mariadb_port/matching"
}

case $action in
  start)
    install_servers
    mkdir -p "$folder"
    # The servers' own users must be able to reach their data.
    [ "$(id -u)" != 0 ] || chmod 755 "$folder"
    start_postgres
    start_mariadb
    ;;
  stop)
    as postgres "$(postgres_bin)/pg_ctl" -D "$folder/postgres" -m fast stop >&2 || true
    # It answers when it has ended.
    mariadb-admin --no-defaults --socket="$folder/mariadb/socket" -u root shutdown >&2 || true
    ;;
  *) say "start or stop, not $action"; exit 2 ;;
esac
