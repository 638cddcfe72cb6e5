"""hitl/_batches"""
