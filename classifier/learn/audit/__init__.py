"""Find what is wrong with labelled complaints before a model learns from them, and carry corrections back.

A remark names rows, categories and figures, never a word of a complaint.
"""
