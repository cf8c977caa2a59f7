"""The headers that answers share: security, open reading (CORS), caching."""

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Any page may embed an answer; an answer runs and frames nothing. Views may override these."""
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of pages: our own style sheet, and no script."""
HSTS = "max-age=31536000"
"""A year of https only, without subdomains."""
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Dataset-Version, Retry-After, X-Request-ID",
}
"""Lets pages of any origin read answers."""
PREFLIGHT = {
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}
"""Lets them send headers such as If-None-Match; the methods are those of the address."""
REQUEST_ID_HEADER = "X-Request-ID"
LIFETIME = "public, max-age={}"
"""Of an answer that holds until another release is loaded, in seconds."""
VARY = "Accept, Accept-Encoding"
"""The request headers that an answer depends on."""
NOT_MODIFIED = {"ETag", "Cache-Control", "Vary", "Dataset-Version", "Last-Modified", *CORS}
"""The headers of an answer that are sent again with a 304."""
LASTING = ("ETag", "Cache-Control", "Vary")
"""The headers of an answer that holds until another release is loaded."""
EVERY = (REQUEST_ID_HEADER,)
"""The headers of every answer."""
DESCRIBED = {
    "ETag": "Strong validator of this answer, for If-None-Match and If-Match.",
    "Cache-Control": "Who may keep the answer, and for how many seconds without asking again.",
    "Vary": "The request headers that the answer depends on.",
    "Dataset-Version": "Version of the release that the answer is of.",
    REQUEST_ID_HEADER: "Id of the request: the client's own, or a new one.",
    "Retry-After": "Seconds after which to ask again.",
    "Location": "Full URL of the same question to the record under its present key.",
}
"""What the headers mean that the schema describes."""
