#!/bin/sh
# PgBouncer refuses to run as root, and its passwords belong to whoever made the stack: it gets a copy that only it reads.
set -eu
install -d -o postgres -g postgres -m 700 /run/pooler
install -o postgres -g postgres -m 600 /config/pgbouncer.ini /config/userlist.txt /run/pooler/
exec setpriv --reuid postgres --regid postgres --clear-groups pgbouncer /run/pooler/pgbouncer.ini
