"""How long a test waits for what must come.

Whoever waits for a state waits this long, and asserts the state: a machine that stalls for seconds, or a process that
gets no time, fails no test. It costs nothing while all is well.
"""

from typing import Final

PATIENCE: Final = 240.0
"""Seconds until what is waited for is called broken; less than the limit of pytest for one test. Never what a test asserts."""
