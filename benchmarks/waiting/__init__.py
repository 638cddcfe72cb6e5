"""What waiting for people costs: days simulated in virtual time, and a real run against the sandbox."""
