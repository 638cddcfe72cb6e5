"""hitl/_engine"""
