"""Verifies Signature Version 4 of a received request: signs it again with botocore and the known key, and compares."""

import datetime
import hashlib
import re

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9]+)/aws4_request, ?"
    r"SignedHeaders=(?P<names>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


class Refused(Exception):
    """`code` is the one that AWS gives."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class Verifier:
    def __init__(self, key, secret, region, token=None):
        self.key, self.region, self.token = key, region, token
        self.credentials = Credentials(key, secret)

    def verify(self, method, host, target, headers, body):
        """Returns the service that the request is signed for. `headers` have lower-case names."""
        found = AUTHORIZATION.fullmatch(headers.get("authorization", ""))
        if not found:
            raise Refused("IncompleteSignatureException", f"not a signature: {headers.get('authorization')}")
        if found["key"] != self.key or headers.get("x-amz-security-token") != self.token:
            raise Refused("UnrecognizedClientException", "The security token included in the request is invalid.")
        date = headers.get("x-amz-date", "")
        self.examine_scope(found, date)
        names = found["names"].split(";")
        self.examine_headers(names, headers, body, found["service"])
        request = AWSRequest(method, f"http://{host}{target}", {name: headers[name] for name in names}, body)
        request.context["timestamp"] = date
        kind = S3SigV4Auth if found["service"] == "s3" else SigV4Auth
        signer = kind(self.credentials, found["service"], self.region)
        canonical = signer.canonical_request(request)
        if signer.signature(signer.string_to_sign(request, canonical), request) != found["signature"]:
            raise Refused("InvalidSignatureException", f"The request signature we calculated does not match. {canonical!r}")
        return found["service"]

    def examine_scope(self, found, date):
        if not re.fullmatch(r"\d{8}T\d{6}Z", date) or found["day"] != date[:8]:
            raise Refused("InvalidSignatureException", f"x-amz-date {date} is not of the day {found['day']}")
        sent = datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        # AWS allows five minutes, S3 fifteen.
        if abs(datetime.datetime.now(datetime.timezone.utc) - sent) > datetime.timedelta(minutes=5):
            raise Refused("InvalidSignatureException", f"Signature expired: {date}")
        if found["region"] != self.region:
            raise Refused("InvalidSignatureException", f"Credential should be scoped to the region {self.region}, not {found['region']}")

    def examine_headers(self, names, headers, body, service):
        # IAM user guide, "Create a signed AWS API request": host, content-type if there is one, and every x-amz-* must be signed.
        needed = {name for name in headers if name.startswith("x-amz-") or name in ("host", "content-type")}
        if not needed <= set(names) or not set(names) <= set(headers) or names != sorted(names):
            raise Refused("InvalidSignatureException", f"signed: {names}; needed: {sorted(needed)}")
        digest = headers.get("x-amz-content-sha256")
        if service == "s3" and digest is None:
            raise Refused("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
        if digest not in (None, hashlib.sha256(body).hexdigest()):
            raise Refused("XAmzContentSHA256Mismatch", f"x-amz-content-sha256 is {digest}")
