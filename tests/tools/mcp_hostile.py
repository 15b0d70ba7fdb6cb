"""An MCP server that misbehaves as its arguments say; run as a program, without any library."""

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

STRANGE = {"type": "object", "properties": {"x": {"type": "object"}}, "required": ["x"]}


def send(message: object) -> None:
    sys.stdout.write(json.dumps(message, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def tools(modes: set[str]) -> list[dict[str, Any]]:
    names = ["echo", "die", "hang", "garbage", "huge", "wrong", "pid", "nothing"]
    if "many" in modes:
        names += [f"tool_{n}" for n in range(10_000)]
    found = [
        {"name": n, "description": "x" * 100, "inputSchema": {"type": "object"}} for n in names
    ]
    return [*found, {"name": "strange", "inputSchema": STRANGE}]


def call(name: str) -> Any:
    match name:
        case "die":
            os._exit(3)
        case "hang":
            return None
        case "garbage":
            sys.stdout.write("not a message\n" * 20)
        case "huge":
            return text("x" * 50_000_000)
        case "wrong":
            return {"content": "no list"}
        case "pid":
            return text(str(os.getpid()))
        case "nothing":
            return {"content": []}
    return text("echo")


def text(words: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": words}]}


def answer(message: dict[str, Any], modes: set[str]) -> Any:
    match message["method"]:
        case "initialize" if "odd" in modes:
            return {}
        case "initialize":
            version = message["params"]["protocolVersion"]
            info = {"name": "hostile", "version": "1"}
            return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info}
        case "tools/list" if "endless" in modes:
            return {"tools": tools(modes), "nextCursor": "more"}
        case "tools/list" if "listless" not in modes:
            return {"tools": tools(modes)}
        case "tools/call":
            return call(message["params"]["name"])
    return None


def main() -> None:
    modes = set(sys.argv[1:])
    if "stubborn" in modes:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        sys.stderr.write(f"child {child.pid}\n")
        sys.stderr.flush()
    if "silent" in modes:
        time.sleep(600)
    if "noisy" in modes:
        while True:
            sys.stdout.write("noise\n")
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message:
            continue
        if message["method"] == "server/discover" or "refusing" in modes:
            error = {"code": -32601, "message": "Too old"}
            send({"jsonrpc": "2.0", "id": message["id"], "error": error})
        elif (result := answer(message, modes)) is not None:
            send({"jsonrpc": "2.0", "id": message["id"], "result": result})
    while "stubborn" in modes:
        time.sleep(600)


if __name__ == "__main__":
    main()
