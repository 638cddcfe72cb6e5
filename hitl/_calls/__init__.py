"""hitl/_calls"""
