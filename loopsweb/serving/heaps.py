"""How much memory the threads of a process keep, each for itself, of what they have freed.

The C library has eight heaps for each core. With two, a worker with sixteen threads needs a third
less beside what it has when idle. docker-compose.yml says the same.
"""

from __future__ import annotations

FEW_HEAPS = {"MALLOC_ARENA_MAX": "2"}
