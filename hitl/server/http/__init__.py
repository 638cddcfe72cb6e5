"""hitl/server/http"""
