"""Experiments of many runs, and what they show: each writes JSONL while it runs, and its report is made from that alone."""
