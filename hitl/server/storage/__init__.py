"""hitl/server/storage"""
