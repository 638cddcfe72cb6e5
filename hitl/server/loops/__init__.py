"""Generation B: loops of people, the requests that they answer, and the envelope `{error, msg, data}`.

`requests`, `members`, `events` and the response types (`texts`, `choices`, `scales`) are pure and work on plain values;
`tables` and `store` are SQL; `desk` holds the rules; `routes` is the API; `join` lets people in.
"""
