"""The demo stack's application: an ordinary client of the database that never rests.

It writes orders at a given rate, reads all the time, connects again by itself after a failure, and serves
  GET  /health   queries the database; 503 while it can't be reached
  GET  /stats    what it has done so far
  POST /pause    stops writing; when the answer arrives no write is under way
  POST /resume   writes again
Every commit that the server has acknowledged is one line in the ledger, a file outside the database, on disk before
the next transaction begins; one whose acknowledgement got lost is there too, as unknown: it may have been carried out
or not. Each line says which order it is about and the note that the order has from then on (none: it is deleted).
Each writer touches its own orders only, so an order's lines are in the order of its commits.

Settings come from the environment: DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD, WRITE_RATE (transactions a
second), WRITERS (over how many connections; 1), LEDGER (file), LISTEN_PORT.
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


class Ledger:
    """The file of commits; a line that is in it survives whatever happens to this program."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.file = open(path, "a", encoding="utf-8")

    def add(self, entry):
        with self.lock:
            self.file.write(json.dumps({"time": round(time.time(), 6), **entry}) + "\n")
            self.file.flush()
            try:
                os.fsync(self.file.fileno())
            except OSError:
                pass  # no file that can be synced, as /dev/null


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

    def wait_for_pause(self):
        with self.busy:
            # The session ends, so that the server's statistics of it are complete now and not some seconds later.
            if self.connection is not None:
                self.connection.close()
                self.connection = None

    def write(self):
        entry = str(uuid.uuid4())
        operation, statement, arguments, note = self.next_statement(entry)
        line = {"entry": entry, "operation": operation, "note": note, "writer": self.name,
                "server_version": version_of(self.connection)}
        with self.connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            row = cursor.fetchone()
            if row is None:
                # The server was set back to a time before this order.
                self.connection.rollback()
                self.own_orders.remove(arguments[-1])
                return self.pause_seconds
            line["order_id"] = row[0]
            cursor.execute(
                "INSERT INTO app.events (entry, operation, order_id) VALUES (%s, %s, %s)",
                (entry, operation, line["order_id"]),
            )
            cursor.execute("INSERT INTO app.audit_log (at, who, what) VALUES (clock_timestamp(), %s, %s)",
                           (self.name, entry))
        self.commit(line)
        return self.pause_seconds

    def commit(self, line):
        """A failure from here on leaves open whether the server has carried it out."""
        if line["operation"] == "delete":
            self.own_orders.remove(line["order_id"])
        try:
            self.connection.commit()
        except psycopg2.Error:
            self.ledger.add({**line, "outcome": "unknown"})
            raise
        self.ledger.add({**line, "outcome": "acknowledged"})
        if line["operation"] == "insert":
            self.own_orders.append(line["order_id"])
        self.stats.add(line["operation"] + "s")
        self.stats.add("commits")
        self.stats.set("last_commit", time.time())

    def next_statement(self, entry):
        """Operation, statement, its arguments, and the note that the order has afterwards."""
        self.round += 1
        if self.own_orders and self.round % 10 == 0:
            return "delete", "DELETE FROM shop.orders WHERE id = %s RETURNING id", (self.own_orders[0],), None
        note = f"{self.name}, round {self.round}, {entry}"
        if self.own_orders and self.round % 5 in (1, 3):
            return "update", (
                "UPDATE shop.orders SET status = 'paid', total = total + 1, note = %s WHERE id = %s RETURNING id"
            ), (note, self.own_orders[-1]), note
        return "insert", (
            "INSERT INTO shop.orders (customer_id, status, total, note) "
            "VALUES ((SELECT min(id) + %s FROM shop.customers), 'new', %s, %s) RETURNING id"
        ), (self.round % 100, (self.round % 977) + 0.5, note), note


class Writers:
    """All writers together."""

    def __init__(self, stats, stopping, rate, count, ledger):
        self.members = [Writer(stats, stopping, rate / count, ledger) for _ in range(count)]
        for number, writer in enumerate(self.members, 1):
            writer.name = "writer" if count == 1 else f"writer {number}"

    def start(self):
        for writer in self.members:
            writer.start()

    def pause(self):
        for writer in self.members:
            writer.paused.set()
        for writer in self.members:
            writer.wait_for_pause()

    def resume(self):
        for writer in self.members:
            writer.paused.clear()

    def paused(self):
        return all(writer.paused.is_set() for writer in self.members)

    def join(self):
        for writer in self.members:
            if writer.is_alive():
                writer.join(timeout=3)


class Handler(BaseHTTPRequestHandler):
    """The HTTP side; the server object carries the writers and the counters."""

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
            self.answer(200, {**self.server.stats.copy(), "paused": self.server.writers.paused()})
        else:
            self.answer(404, {"error": "not found"})

    def do_POST(self):
        if self.path == "/pause":
            self.server.writers.pause()
        elif self.path == "/resume":
            self.server.writers.resume()
        else:
            self.answer(404, {"error": "not found"})
            return
        self.answer(200, {**self.server.stats.copy(), "paused": self.server.writers.paused()})

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
    ledger = Ledger(os.environ.get("LEDGER", "/dev/null"))
    writers = Writers(stats, stopping, float(os.environ.get("WRITE_RATE", "20")),
                      int(os.environ.get("WRITERS", "1")), ledger)
    reader = Reader(stats, stopping)
    reader.name = "reader"
    server = ThreadingHTTPServer(("", int(os.environ.get("LISTEN_PORT", "8080"))), Handler)
    server.daemon_threads = True
    server.writers, server.stats = writers, stats

    threading.Thread(target=server.serve_forever, daemon=True).start()
    writers.start()
    reader.start()
    log(f"stopping on {signal.sigwait(endings)}")
    # A write that is under way ends first, so that the ledger lacks no commit.
    stopping.set()
    writers.join()


if __name__ == "__main__":
    main()
