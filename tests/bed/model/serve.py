"""Serves the bed's small language model over the OpenAI-compatible protocol.

Usage: serve.py WEIGHTS PORT NAME. llama.cpp's own server does the work inside
this process (the xllamacpp package holds it); this file only sets it up and
stays alive until it is asked to end. It listens on the loopback address alone.
"""

import signal
import sys
import threading

import xllamacpp


def main() -> None:
    weights, port, name = sys.argv[1:]
    parameters = xllamacpp.CommonParams()
    parameters.model.path = weights
    parameters.model_alias = {name}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = int(port)
    # Ten full tool schemas and a long log excerpt fit; one request at a time,
    # since two would only share the same two cores.
    parameters.n_ctx = 16384
    parameters.n_parallel = 1
    parameters.cpuparams.n_threads = 2
    # Read into memory rather than mapped: a machine that is short of memory
    # drops mapped pages, and every token then waits for the disk.
    parameters.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    server = xllamacpp.Server(parameters)
    print(f"serving {name} on port {port}", flush=True)
    ended.wait()
    del server


if __name__ == "__main__":
    main()
