"""A collector of traces for tests: decodes OTLP over HTTP with opentelemetry-proto, and prints a line of JSON for each request and span.

Usage: collector.py [PORT]   (0: any free port; the first line of the output says which)
"""

import gzip
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse


def say(line):
    print(json.dumps(line), flush=True)


def attributes(pairs):
    """Attributes as a plain object: a list has lists, a number is one."""
    return {pair.key: value(pair.value) for pair in pairs}


def value(any_value):
    kind = any_value.WhichOneof("value")
    if kind == "array_value":
        return [value(element) for element in any_value.array_value.values]
    return getattr(any_value, kind) if kind else None


def span_line(span, resource, scope):
    """Fails for what OTLP forbids: ids of another length, or a name that is empty."""
    assert len(span.trace_id) == 16 and len(span.span_id) == 8 and len(span.parent_span_id) in (0, 8), span
    assert span.name and 0 < span.start_time_unix_nano <= span.end_time_unix_nano, span
    return {
        "trace": span.trace_id.hex(),
        "id": span.span_id.hex(),
        "parent": span.parent_span_id.hex(),
        "name": span.name,
        "kind": MessageToDict(span).get("kind", "SPAN_KIND_UNSPECIFIED").removeprefix("SPAN_KIND_").lower(),
        "flags": span.flags,
        "nanoseconds": span.end_time_unix_nano - span.start_time_unix_nano,
        "attributes": attributes(span.attributes),
        "links": [{"trace": link.trace_id.hex(), "id": link.span_id.hex()} for link in span.links],
        "status": MessageToDict(span.status),
        "resource": attributes(resource.resource.attributes),
        "schema": resource.schema_url,
        "scope": scope.scope.name,
    }


class Collector(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf", (self.path, self.headers)
        packed = self.headers.get("Content-Encoding") == "gzip"
        request = ExportTraceServiceRequest.FromString(gzip.decompress(body) if packed else body)
        say({"headers": {name.lower(): text for name, text in self.headers.items()}})
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    say(span_line(span, resource, scope))
        self.send_response(200)
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass  # what there is to say is on the standard output


def main():
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), Collector)
    say({"port": server.server_address[1]})
    server.serve_forever()


if __name__ == "__main__":
    main()
