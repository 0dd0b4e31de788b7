"""Connects as each case says and prints what came of it as JSON. The sessions stay until standard input ends."""

import json
import sys

import psycopg


def connect(conninfo, sessions):
    try:
        session = psycopg.connect(conninfo, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        return {"message": str(error)}
    sessions.append(session)
    row = session.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
    return {"tls": row[0]}


def main():
    sessions = []
    outcomes = [connect(case, sessions) for case in json.loads(sys.argv[1])]
    print(json.dumps({"outcomes": outcomes, "libpq": psycopg.pq.version()}), flush=True)
    sys.stdin.read()


main()
