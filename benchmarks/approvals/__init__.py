"""What approvals promise, tried at length: processes that are killed, that race, and that follow what is decided."""
