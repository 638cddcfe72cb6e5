"""Telling other programs what happened: subscriptions, deliveries, and the log of both."""
