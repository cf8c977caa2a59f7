"""The headers that answers share: security, open reading (CORS), caching."""

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Embed it anywhere, run and frame nothing; a view may say otherwise, as the docs pages do."""
HSTS = "max-age=31536000"
"""A year of https alone. Subdomains are not ours to speak for."""
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Dataset-Version, Retry-After, X-Request-ID",
}
"""Lets a page of any origin read an answer."""
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}
"""Lets such a page send headers of its own, such as If-None-Match."""
REQUEST_ID_HEADER = "X-Request-ID"
LIFETIME = "public, max-age={}"
"""Of an answer that holds until another release is loaded, in seconds."""
VARY = "Accept, Accept-Encoding"
"""What the representation of a resource depends on beside its address."""
NOT_MODIFIED = {"ETag", "Cache-Control", "Vary", "Dataset-Version", "Last-Modified", *CORS}
"""The headers of an answer that are sent again with a 304."""
