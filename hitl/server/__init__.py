"""The embedded review server: reviews, templates and a reviewer's inbox, on SQLite.

It implements the same `openapi.yaml` as the client and shares no code with it, so a fault in either shows as a
disagreement between them. Start it with the `hitl sandbox` command or with `hitl.testing.Sandbox`.
"""
