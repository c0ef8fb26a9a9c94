"""Cross-origin requests: any page may ask, as PostgREST allows by default."""

from werkzeug.wrappers import Request

_EXPOSED = (
    "Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, "
    "Transfer-Encoding, Range-Unit"
)
_ONE_DAY_SECONDS = "86400"


def is_preflight(request: Request) -> bool:
    return (
        request.method == "OPTIONS"
        and "Origin" in request.headers
        and "Access-Control-Request-Method" in request.headers
    )


def headers(request: Request) -> dict[str, str]:
    """The headers that let a browser hand the answer to the page; none without an Origin."""
    if "Origin" not in request.headers:
        return {}
    if not is_preflight(request):
        return {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": _EXPOSED}
    asked = request.headers.get("Access-Control-Request-Headers", "")
    wanted = [name.strip() for name in asked.split(",") if name.strip()]
    return {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD",
        "Access-Control-Allow-Headers": ", ".join(["Authorization", *wanted]),
        "Access-Control-Max-Age": _ONE_DAY_SECONDS,
    }
