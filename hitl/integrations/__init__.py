"""`hitl` in other people's frameworks: one small module for each. Nothing here is imported unless you import it."""
