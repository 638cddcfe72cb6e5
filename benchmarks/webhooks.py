"""`python -m benchmarks.webhooks`: what verifying a webhook costs, beside the digest itself and two libraries.

The peers come with the dependency group `bench`. All verify the same body; stripe's is given its one header, the others
find theirs among those of a typical request.
"""

from __future__ import annotations

import hmac
import json
import platform
import time

import standardwebhooks
import stripe

from benchmarks.measure import Ratio, cpu_of, process, ratio
from hitl.webhooks import construct_event, sign, signature_headers, verify_signature

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PAYLOAD = {
    "event": "review.completed",
    "review": {"id": "rev_1", "status": "completed", "result": {"approved": True, "feedback": "Fine as it is. " * 120}},
    "timestamp": "2026-01-15T10:31:00Z",
}
BODY = json.dumps(PAYLOAD).encode()  # 2 kB
USUAL = {
    "Host": "example.com",
    "User-Agent": "hitl/1",
    "Content-Type": "application/json",
    "Content-Length": str(len(BODY)),
    "Accept": "*/*",
    "Connection": "close",
}
REPEAT = 3000
ROUNDS = 11


def verifiers() -> dict[str, Ratio]:
    """Measure `verify_signature` in both schemes against each peer; all times are CPU."""
    standard = USUAL | signature_headers(BODY, SECRET, webhook_id="msg_1")
    del standard["X-HITL-Signature-256"]
    vendor = USUAL | {"X-HITL-Signature-256": sign(BODY, SECRET)}
    peer = standardwebhooks.Webhook(SECRET)
    stripe_header = stripe.WebhookSignature.generate_signature_header(BODY.decode(), SECRET, int(time.time()))

    ours_standard = cpu_of(lambda: verify_signature(standard, BODY, SECRET), REPEAT)
    ours_vendor = cpu_of(lambda: verify_signature(vendor, BODY, SECRET), REPEAT)
    ours_event = cpu_of(lambda: construct_event(standard, BODY, SECRET), REPEAT)
    digest = cpu_of(lambda: hmac.digest(b"key", BODY, "sha256"), REPEAT)
    peer_bare = cpu_of(lambda: peer.verify(BODY, standard, json_parse=False), REPEAT)
    peer_parsed = cpu_of(lambda: peer.verify(BODY, standard), REPEAT)
    peer_stripe = cpu_of(
        lambda: stripe.WebhookSignature.verify_header(BODY, stripe_header, SECRET, tolerance=300), REPEAT
    )
    return {
        "verify_signature, vendor's / hmac.digest": ratio(ours_vendor, digest, ROUNDS),
        "verify_signature, standard / hmac.digest": ratio(ours_standard, digest, ROUNDS),
        "verify_signature, vendor's / stripe's verifier": ratio(ours_vendor, peer_stripe, ROUNDS),
        "verify_signature, standard / stripe's verifier": ratio(ours_standard, peer_stripe, ROUNDS),
        "verify_signature, standard / standardwebhooks": ratio(ours_standard, peer_parsed, ROUNDS),
        "the same, which parses no JSON": ratio(ours_standard, peer_bare, ROUNDS),
        "construct_event, standard / standardwebhooks": ratio(ours_event, peer_parsed, ROUNDS),
    }


def imports() -> dict[str, Ratio]:
    """Measure a fresh interpreter that imports the verifier against one that imports httpx."""
    httpx = process("import httpx")
    return {
        "import verify_signature / import httpx": ratio(
            process("from hitl.webhooks import verify_signature"), httpx, ROUNDS
        )
    }


def main() -> None:
    """Print one line for each ratio: the median, and the spread of all rounds."""
    versions = f"standardwebhooks {standardwebhooks.__version__}, stripe {stripe.VERSION}"
    print(f"Python {platform.python_version()}, {versions}, {len(BODY)} bytes; smaller is better")
    for name, found in {**verifiers(), **imports()}.items():
        print(f"  {name:48} {found}")


if __name__ == "__main__":
    main()
