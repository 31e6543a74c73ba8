"""What was so in the past, as far as it was observed: statuses, GPUs and cost over time.

Between two answers the earlier one counts. Where no answer came in time, nothing is known.
"""
