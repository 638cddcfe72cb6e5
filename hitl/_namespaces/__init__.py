"""The namespaces of a client, such as `client.loops`: signatures and docstrings over generated operations.

Each has a module that is imported when the namespace is first used, and an asynchronous twin beside it that
codegen/async_client.py writes (`make generate`).
"""
