"""hitl/server/primitives"""
