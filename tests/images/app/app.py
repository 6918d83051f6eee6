"""The demo stack's application: an ordinary client of the database that never rests.

It writes orders at a given rate, reads all the time, connects again by itself after a failure, and serves
  GET  /health   queries the database; 503 while it can't be reached
  GET  /stats    what it has done so far
  POST /pause    stops writing; when the answer arrives no write is under way
  POST /resume   writes again
Every commit that the server has acknowledged is one line in the ledger, a file outside the database.

Settings come from the environment: DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD, WRITE_RATE (transactions a
second), LEDGER (file), LISTEN_PORT.
"""

import json
import os
import signal
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2

RETRY_SECONDS = 0.05
READ_EVERY_SECONDS = 0.1


def log(message):
    # One write a line: several threads log.
    sys.stdout.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {message}\n")
    sys.stdout.flush()


def connect():
    """A new connection. A peer that vanished without a word is noticed after half a second."""
    return psycopg2.connect(
        host=os.environ.get("DB_HOST", "postgres"),
        port=os.environ.get("DB_PORT", "5432"),
        dbname=os.environ.get("DB_NAME", "limor_prod"),
        user=os.environ.get("DB_USER", "limor_app"),
        password=os.environ["DB_PASSWORD"],
        application_name="limor-app",
        connect_timeout=2,
        keepalives_idle=1,
        keepalives_interval=1,
        keepalives_count=2,
        tcp_user_timeout=500,
    )


def version_of(connection):
    return connection.get_parameter_status("server_version").split(" ")[0]


class Stats:
    """Counters that several threads change."""

    def __init__(self):
        self.lock = threading.Lock()
        self.values = {
            "inserts": 0, "updates": 0, "deletes": 0, "commits": 0, "reads": 0,
            "failures": 0, "connects": 0, "last_commit": None, "last_error": None,
        }

    def add(self, name, amount=1):
        with self.lock:
            self.values[name] += amount

    def set(self, name, value):
        with self.lock:
            self.values[name] = value

    def copy(self):
        with self.lock:
            return dict(self.values)


class Loop(threading.Thread):
    """A thread that does one piece of work after the other on its own connection, and gets a new one after a failure."""

    def __init__(self, stats, stopping):
        super().__init__(daemon=True)
        self.stats = stats
        self.stopping = stopping
        self.connection = None

    def ensure_connection(self):
        if self.connection is None:
            self.connection = connect()
            self.stats.add("connects")
            log(f"database connected: PostgreSQL {version_of(self.connection)} ({self.name})")

    def drop_connection(self, error):
        message = " ".join(str(error).split()) or type(error).__name__
        if self.connection is not None:
            log(f"database connection lost: {message} ({self.name})")
            try:
                self.connection.close()
            except psycopg2.Error:
                pass
        self.connection = None
        self.stats.add("failures")
        self.stats.set("last_error", message)

    def guarded(self, work):
        """Runs work; after a failure drops the connection and says how long to wait before the next try."""
        try:
            self.ensure_connection()
            return work()
        except psycopg2.Error as error:
            self.drop_connection(error)
            return RETRY_SECONDS


class Reader(Loop):
    """Reads what a web page would show."""

    def run(self):
        while not self.stopping.is_set():
            self.stopping.wait(self.guarded(self.read))

    def read(self):
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute("SELECT id, status, total FROM shop.orders ORDER BY id DESC LIMIT 10")
            cursor.fetchall()
        self.stats.add("reads")
        return READ_EVERY_SECONDS


class Writer(Loop):
    """Inserts, updates and deletes orders: of ten transactions seven, two and one."""

    def __init__(self, stats, stopping, rate, ledger):
        super().__init__(stats, stopping)
        self.pause_seconds = 1.0 / rate if rate > 0 else None
        self.ledger = ledger
        self.busy = threading.Lock()  # held during a transaction: /pause takes it to wait for the end
        self.paused = threading.Event()
        self.round = 0
        self.own_orders = []

    def run(self):
        if self.pause_seconds is None:
            return
        while not self.stopping.is_set():
            with self.busy:
                wait = RETRY_SECONDS if self.paused.is_set() else self.guarded(self.write)
            self.stopping.wait(wait)

    def pause(self):
        self.paused.set()
        with self.busy:
            # The session ends, so that the server's statistics of it are complete now and not some seconds later.
            if self.connection is not None:
                self.connection.close()
                self.connection = None

    def resume(self):
        self.paused.clear()

    def write(self):
        operation, statement, arguments = self.next_statement()
        entry = str(uuid.uuid4())
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            row = cursor.fetchone()
            order = row[0] if row else None
            cursor.execute(
                "INSERT INTO app.events (entry, operation, order_id) VALUES (%s, %s, %s)",
                (entry, operation, order),
            )
        self.acknowledged(entry, operation, order)
        return self.pause_seconds

    def next_statement(self):
        self.round += 1
        if self.own_orders and self.round % 10 == 0:
            return "delete", "DELETE FROM shop.orders WHERE id = %s RETURNING id", (self.own_orders.pop(0),)
        if self.own_orders and self.round % 5 in (1, 3):
            target = self.own_orders[-1]
            return "update", (
                "UPDATE shop.orders SET status = 'paid', total = total + 1 WHERE id = %s RETURNING id"
            ), (target,)
        return "insert", (
            "INSERT INTO shop.orders (customer_id, status, total, note) "
            "VALUES ((SELECT min(id) + %s FROM shop.customers), 'new', %s, %s) RETURNING id"
        ), (self.round % 100, (self.round % 977) + 0.5, f"order of round {self.round}")

    def acknowledged(self, entry, operation, order):
        if operation == "insert":
            self.own_orders.append(order)
        now = time.time()
        self.ledger.write(json.dumps({
            "time": round(now, 6), "entry": entry, "operation": operation, "order_id": order,
            "server_version": version_of(self.connection),
        }) + "\n")
        self.ledger.flush()
        self.stats.add(operation + "s")
        self.stats.add("commits")
        self.stats.set("last_commit", now)


class Handler(BaseHTTPRequestHandler):
    """The HTTP side; the server object carries the writer and the counters."""

    protocol_version = "HTTP/1.0"

    def answer(self, status, body):
        data = (json.dumps(body) + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path == "/health":
            self.answer(*self.health())
        elif self.path == "/stats":
            self.answer(200, {**self.server.stats.copy(), "paused": self.server.writer.paused.is_set()})
        else:
            self.answer(404, {"error": "not found"})

    def do_POST(self):
        if self.path == "/pause":
            self.server.writer.pause()
        elif self.path == "/resume":
            self.server.writer.resume()
        else:
            self.answer(404, {"error": "not found"})
            return
        self.answer(200, {**self.server.stats.copy(), "paused": self.server.writer.paused.is_set()})

    @staticmethod
    def health():
        """Asks the database on a connection of its own, so that the answer is about now."""
        started = time.monotonic()
        connection = None
        try:
            connection = connect()
            with connection.cursor() as cursor:
                cursor.execute("SELECT id FROM shop.customers ORDER BY id LIMIT 1")
                cursor.fetchone()
            return 200, {
                "status": "ok",
                "database": "connected",
                "server_version": version_of(connection),
                "milliseconds": round((time.monotonic() - started) * 1000, 1),
            }
        except psycopg2.Error as error:
            return 503, {"status": "error", "database": "unreachable", "error": " ".join(str(error).split())}
        finally:
            if connection is not None:
                connection.close()

    def log_message(self, format, *arguments):
        """Requests aren't logged: the log is about the database."""


def main():
    # Blocked before the first thread starts, so that only sigwait() below gets them.
    endings = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, endings)
    stopping = threading.Event()
    stats = Stats()
    ledger = open(os.environ.get("LEDGER", "/dev/null"), "a", encoding="utf-8")
    writer = Writer(stats, stopping, float(os.environ.get("WRITE_RATE", "20")), ledger)
    reader = Reader(stats, stopping)
    writer.name, reader.name = "writer", "reader"
    server = ThreadingHTTPServer(("", int(os.environ.get("LISTEN_PORT", "8080"))), Handler)
    server.daemon_threads = True
    server.writer, server.stats = writer, stats

    threading.Thread(target=server.serve_forever, daemon=True).start()
    writer.start()
    reader.start()
    log(f"stopping on {signal.sigwait(endings)}")
    # A write that is under way ends first, so that the ledger lacks no commit.
    stopping.set()
    if writer.is_alive():
        writer.join(timeout=3)


if __name__ == "__main__":
    main()
