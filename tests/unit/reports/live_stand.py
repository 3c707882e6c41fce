"""A stand-in for the server of a live page (engine/page/page_server.h), for tests of what the page shows.

    stand = Stand(pathlib.Path("live.json"))     what report_driver ... live-run has written
    stand.url; stand.tell({"verdict": "<header>..."}); stand.orders; stand.stop()"""

import http.server
import json
import queue
import re
import threading
import urllib.parse

TAG = re.compile(r"<[^>]*>")


class Stand:
    def __init__(self, file, port=0, is_locked=False):
        self.told = json.loads(file.read_text())
        self.at = "2026-05-20T08:30:00.250Z"
        self.clients, self.orders, self.asked = [], [], []
        self.is_locked = is_locked  # as for a browser without the token
        stand = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def answer(self, kind, body, status=200):
                data = body.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            def do_GET(self):
                path, _, query = self.path.partition("?")
                if stand.is_locked:
                    self.answer("text/plain", "the token is missing", 401)
                elif path == "/":
                    self.answer("text/html; charset=utf-8", stand.told["index"])
                elif path == "/events":
                    stand.feed(self)
                elif path == "/api/rows":
                    stand.asked.append(query)
                    self.answer("application/json", json.dumps(stand.rows(urllib.parse.parse_qs(query))))
                elif path == "/api/status":
                    self.answer("application/json", json.dumps(stand.told["status"]))
                else:
                    self.answer("text/plain", "no such page", 404)

            do_HEAD = do_GET

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                stand.orders.append((self.path, body))
                self.answer("application/json", json.dumps({"said": "The run is told."}))

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def feed(self, handler):
        events = queue.Queue()
        events.put(("parts", {"at": self.at, "parts": self.told["parts"]}))
        self.clients.append(events)
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        try:
            while (event := events.get()) is not None:
                name, data = event
                handler.wfile.write(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())
        except OSError:
            pass
        self.clients.remove(events)

    def tell(self, parts):
        self.told["parts"].update(parts)
        for events in self.clients:
            events.put(("parts", {"at": self.at, "parts": parts}))

    def rows(self, query):
        words = " ".join(query.get("q", [])).lower().split()
        state = query.get("state", [""])[0]
        first, limit = int(query.get("from", ["0"])[0]), int(query.get("limit", ["50"])[0])
        fits = [row["html"] for row in self.told["rows"]
                if state in ("", row["state"]) and all(word in TAG.sub(" ", row["html"]).lower() for word in words)]
        return {"at": self.at, "total": len(self.told["rows"]), "found": len(fits), "from": first,
                "rows": [], "html": "".join(fits[first:first + limit])}

    def stop(self, says_so=True):
        for events in self.clients:
            if says_so:
                events.put(("closing", {}))
            events.put(None)
        self.server.shutdown()
        self.server.server_close()
