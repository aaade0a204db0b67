"""What holds for all tests."""

import signal

# A shell that runs the tests in its background ignores Ctrl-C for them, and so for every process that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
