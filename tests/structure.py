#!/usr/bin/env python3
"""structure.py: holds the code against DESIGN.md: layout, direction of includes, sizes of functions, and a
build without warnings by gcc and clang. Prints TAP."""
import os
import re
import statistics
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ALLOWED_TOP = {"src", "ui", "runbooks", "tests", "Makefile", "README.md", "LICENSE"}
# Who may include whom: a folder names the folders it may use besides itself.
MAY_INCLUDE = {
    "base": set(),
    "runbook": {"base"},
    "docker": {"base"},
    "postgres": {"base"},
    "compose": {"base"},
    "steps": {"base", "runbook", "docker", "postgres", "compose"},
    "engine": {"base", "runbook", "steps"},
    "ui": {"base", "engine"},
    "cli": {"base", "runbook", "docker", "steps", "engine", "ui"},
}
# ui/ sees the client's side of a run only.
UI_ENGINE_HEADERS = {"engine/state.h", "engine/control.h"}
WARNINGS = ("-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes "
            "-Wstrict-prototypes -Werror").split()
PACKAGES = ["ncursesw", "libpq", "libcurl", "libcjson", "libfyaml", "libssl", "libcrypto"]

results = []


def test(name, problems):
    results.append(not problems)
    print(f"{'not ok' if problems else 'ok'} {len(results)} - {name}")
    for problem in problems[:20]:
        print(f"#   {problem}")
    sys.stdout.flush()


def sources():
    for folder in ("src", "ui"):
        for path, _, files in os.walk(os.path.join(TOP, folder)):
            for name in sorted(files):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(path, name), TOP)


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


def room(path):
    """The folder that a file or an included header belongs to."""
    parts = path.removeprefix("src/").split("/")
    return parts[0] if len(parts) > 1 else "main"


def top_level():
    listed = subprocess.run(["git", "ls-files"], cwd=TOP, capture_output=True, text=True, check=True)
    names = {line.split("/")[0] for line in listed.stdout.splitlines()}
    return [n for n in sorted(names) if not n.startswith(".") and n not in ALLOWED_TOP]


def wrong_includes():
    wrong = []
    for path in sources():
        here = room(path)
        for header in re.findall(r'^#include "([^"]+)"', read(path), re.M):
            there = room(header)
            if here in ("main", there) or there in MAY_INCLUDE.get(here, set()):
                if here != "ui" or there != "engine" or header in UI_ENGINE_HEADERS:
                    continue
            wrong.append(f"{path} includes {header}")
    return wrong


def wrong_curses():
    return [p for p in sources()
            if re.search(r"#include <(n?curses[^>]*|ncursesw/[^>]*)>", read(p))
            and not p.startswith("ui/")]


def missing_headers():
    return [p for p in sources() if not re.match(r"/\* [\w./]+: ", read(p))]


def function_sizes():
    files = [p for p in sources() if p.endswith(".c")]
    tags = subprocess.run(["ctags", "-f", "-", "--fields=+ne", "--kinds-C=f", *files], cwd=TOP,
                          capture_output=True, text=True, check=True).stdout
    sizes = []
    for line in tags.splitlines():
        found = re.search(r"\tline:(\d+).*\tend:(\d+)", line)
        if found:
            name, path = line.split("\t")[:2]
            sizes.append((int(found[2]) - int(found[1]) + 1, f"{path}: {name}"))
    return sorted(sizes)


def size_problems(sizes):
    lines = [size for size, _ in sizes]
    median = statistics.median(lines)
    ninth = lines[len(lines) * 9 // 10]
    print(f"# {len(lines)} functions, median {median}, nine in ten under {ninth + 1}, longest {lines[-1]}")
    problems = [f"{size} lines: {name}" for size, name in sizes if size > 100]
    if median > 20:
        problems.append(f"the median is {median} lines, more than 20")
    if ninth >= 50:
        problems.append(f"nine in ten are under {ninth + 1} lines, not under 50")
    return problems


def warnings(compiler):
    flags = subprocess.run(["pkg-config", "--cflags", *PACKAGES], capture_output=True, text=True,
                           check=True).stdout.split()
    files = [p for p in sources() if p.endswith(".c")]
    command = [compiler, "-std=c17", "-D_GNU_SOURCE", *WARNINGS, "-O2", "-fsyntax-only", "-Isrc", "-I.",
               *flags, *files]
    built = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    return built.stderr.splitlines() if built.returncode else []


def unsafe_calls():
    """Calls that have no place in this program: they don't know their buffer's size."""
    pattern = re.compile(r"\b(strcpy|sprintf|vsprintf|gets|strtok|atoi|atol|system|popen)\(")
    return [f"{p}: {m[1]}" for p in sources() for m in [pattern.search(read(p))] if m]


def generated():
    """The schema and the reference are made from the table of actions."""
    program = os.path.join(TOP, "build", "pgrunbook")
    problems = []
    for command, path in (("schema", "runbooks/runbook.schema.json"), ("reference", "runbooks/README.md")):
        made = subprocess.run([program, command], capture_output=True, text=True, check=False)
        if made.returncode or made.stdout != read(path):
            problems.append(f"{path} is not what `pgrunbook {command}` prints: run `make generated`")
    return problems


test("only the agreed names stand at the top level", top_level())
test("includes point one way", wrong_includes())
test("only ui/ knows curses", wrong_curses())
test("every file says in a sentence what it is for", missing_headers())
test("functions are short", size_problems(function_sizes()))
test("no calls that don't know their buffer's size, no shell", unsafe_calls())
test("gcc has no warning", warnings("gcc"))
test("clang has no warning", warnings("clang"))
test("the schema and the reference come from the table of actions", generated())
print(f"1..{len(results)}")
sys.exit(0 if all(results) else 1)
