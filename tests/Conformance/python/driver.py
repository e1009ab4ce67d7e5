"""Runs scenarios with the Python clients: one request a line in, one answer a line out.

Usage: python3 driver.py; each line {"name", "entity", "connectionString", "port", "tlsPort", "certificate"}.
Answers {}, {"error"}, or {"missing"} where the client that a scenario needs is not installed.
"""
import importlib
import json
import sys
import traceback
from pathlib import Path

from scenario import scenarios

sys.stdout, answers = sys.stderr, sys.stdout  # nothing that a client prints may come between the answers

missing = {}
for file in sorted(Path(__file__).parent.glob("with_*.py")):
    try:
        importlib.import_module(file.stem)
    except ImportError as error:
        missing[file.stem] = str(error)

for line in sys.stdin:
    request = json.loads(line)
    answer = {}
    run = scenarios.get(request["name"])
    if run is None:
        answer["missing"] = "; ".join(missing.values()) or "nobody knows the scenario"
    else:
        try:
            run(request)
        except Exception:
            answer["error"] = traceback.format_exc()
    print(json.dumps(answer), file=answers, flush=True)
