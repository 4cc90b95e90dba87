"""What a browser may ask of the page: the events that a component declares, from the page's own address.

The widgets below the page come from notebooks, where whoever sends a message owns the kernel: there a message may name
a module and a class to be called. Here it may not.
"""

from typing import Any
from urllib.parse import urlsplit

from ipyvue.VueTemplateWidget import Events


def only_declared_events() -> None:
    """From now on a component's message is one of its own events, or nothing."""

    def handle(self: Any, _: Any, content: dict[str, Any], buffers: Any) -> None:
        if set(content) <= {"event", "data"} and content.get("event") in self.events:
            getattr(self, f"vue_{content['event']}")(content.get("data", {}), *([buffers] if buffers else []))

    Events._handle_event = handle


class OwnPagesOnly:
    """An ASGI application to which other sites' pages cannot open a socket: a browser says where a page came from."""

    def __init__(self, app: Any) -> None:
        """app: the application behind it."""
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "websocket":
            headers = dict(scope["headers"])
            origin = headers.get(b"origin", b"").decode("latin-1")
            if origin and urlsplit(origin).netloc != headers.get(b"host", b"").decode("latin-1"):
                await receive()
                await send({"type": "websocket.close", "code": 1008})
                return
        await self.app(scope, receive, send)
