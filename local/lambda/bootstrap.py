"""Runs in an execution environment: loads a function's handler, then runs one invocation at a time.

The messages are those of protocol.ts, one JSON line each, on file descriptor 3.
"""

import decimal
import importlib
import json
import logging
import os
import queue
import signal
import sys
import threading
import time
import traceback

invocations = queue.SimpleQueue()


def receive(incoming):
    for line in incoming:
        invocations.put(json.loads(line))
    # The local run has ended. This thread ends the process, because the main one may be at work.
    os._exit(0)


class Context:
    """The context object of an invocation, with the fields that are known locally."""

    def __init__(self, message):
        self.aws_request_id = message["requestId"]
        self.invoked_function_arn = message["invokedFunctionArn"]
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.identity = None
        self.client_context = None
        self._deadline = message["deadlineAt"]

    def get_remaining_time_in_millis(self):
        return max(0, int(self._deadline - time.time() * 1000))


def load_handler():
    # "index.handler" means the function `handler` of index.py, "a/b.handler" that of a/b.py.
    module, _, function = os.environ["_HANDLER"].rpartition(".")
    root = os.environ["LAMBDA_TASK_ROOT"]
    os.chdir(root)
    sys.path[0] = root
    return getattr(importlib.import_module(module.replace("/", ".")), function)


def load_failure(error):
    message = f"Unable to load {os.environ['_HANDLER']}: {error}"
    if isinstance(error, ModuleNotFoundError) and error.name in ("boto3", "botocore"):
        message += (
            "; Lambda's Python includes it, the one of this machine does not: "
            f"{sys.executable} -m pip install boto3"
        )
    return failure(error) | {"errorType": "Runtime.ImportModuleError", "errorMessage": message}


def failure(error):
    trace = traceback.format_exception(type(error), error, error.__traceback__)
    return {"errorType": type(error).__name__, "errorMessage": str(error), "stackTrace": trace}


def to_json(result):
    # As Lambda does, which takes the numbers of boto3's tables, and nothing that JSON does not have.
    try:
        return json.dumps(result, default=plain, allow_nan=False)
    except Exception as error:
        message = f"Unable to marshal response: {error}"
        return failure(error) | {"errorType": "Runtime.MarshalError", "errorMessage": message}


def plain(value):
    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def invoke(handler, message):
    try:
        payload = to_json(handler(json.loads(message["payload"]), Context(message)))
        if isinstance(payload, str):
            return {"type": "succeeded", "payload": payload}
        print("ERROR", message["requestId"], payload["errorMessage"], file=sys.stderr)
        return {"type": "failed", "error": payload}
    except Exception as error:
        print("ERROR", message["requestId"], traceback.format_exc(), file=sys.stderr)
        return {"type": "failed", "error": failure(error)}


def main():
    # Ignores ^C, because the local run ends its environments itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    incoming = os.fdopen(3, "r", encoding="utf-8", newline="\n")
    outgoing = os.fdopen(os.dup(3), "w", encoding="utf-8", newline="\n")

    def send(message):
        outgoing.write(json.dumps(message) + "\n")
        outgoing.flush()

    # Before the handler is loaded, so that a module that never ends does not outlive the local run.
    threading.Thread(target=receive, args=(incoming,), daemon=True).start()
    logging.basicConfig(format="[%(levelname)s]\t%(message)s")
    try:
        handler = load_handler()
    except Exception as error:
        traceback.print_exc()
        send({"type": "failed", "error": load_failure(error)})
        raise SystemExit(1) from error
    send({"type": "ready"})
    while True:
        send(invoke(handler, invocations.get()))


# Not in the processes that a handler's multiprocessing starts, which load this file, too.
if __name__ == "__main__":
    main()
