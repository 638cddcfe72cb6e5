"""The cases of the fault list that end in another way when the client sends through `httpx.HTTPTransport()`."""

DIFFERENCES: dict[str, str] = {}
