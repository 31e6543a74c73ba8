"""What rows hold and cost and when they last worked, stored so that lists can sort and sum it.

related.py finds the rows whose figures follow from each other, work.py the signs of work,
compute.py the figures, and refresh.py stores those that differ. queries.py has their statements.
"""
