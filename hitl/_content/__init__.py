"""hitl/_content"""
