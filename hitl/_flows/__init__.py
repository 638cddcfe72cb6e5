"""hitl/_flows"""
