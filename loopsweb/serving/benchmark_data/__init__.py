"""An organisation of any size, as a poll would have stored it: `manage.py benchmark_data`.

timeline.py decides when runs began and ended, organisation.py what the API says of each, and
filling.py stores it in bulk. The same seed, size and time give the same organisation.
"""
