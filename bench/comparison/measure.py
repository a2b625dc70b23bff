"""Measures one piece of work of this process, and prints what it took as one line of JSON."""

import json
import resource
import sys
import time


def options():
    """The options that the parent started this process with."""
    return json.loads(sys.argv[1])


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class Measurement:
    def __init__(self):
        self.started_at = time.perf_counter()
        self.cpu = cpu_seconds()

    def finish(self):
        elapsed = time.perf_counter() - self.started_at
        cpu = cpu_seconds() - self.cpu
        # Linux counts it in kilobytes.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        taken = {
            "milliseconds": elapsed * 1000,
            "cpuMilliseconds": cpu * 1000,
            "peakBytes": peak,
        }
        print(json.dumps(taken), flush=True)
