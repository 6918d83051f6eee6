"""Looks a name up again and again, as clients that connect do, and says at SIGTERM how that went:
the number of lookups, of those that failed, and the longest in milliseconds."""
import signal
import socket
import sys
import time


def main():
    name, ready = sys.argv[1:]
    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    count = failed = longest = 0
    while not stopping:
        began = time.monotonic()
        try:
            socket.getaddrinfo(name, 5432, socket.AF_INET, socket.SOCK_STREAM)
        except socket.gaierror:
            failed += 1
        longest = max(longest, time.monotonic() - began)
        count += 1
        if count == 1:
            open(ready, "w").close()
        time.sleep(0.002)
    print(count, failed, round(longest * 1000))


main()
