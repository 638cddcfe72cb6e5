"""hitl/_api"""
