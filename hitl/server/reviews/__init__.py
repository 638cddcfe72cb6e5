"""hitl/server/reviews"""
