"""hitl/_waiting"""
