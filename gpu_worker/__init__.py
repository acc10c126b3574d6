"""The one long-running process: takes jobs from the queues, does the heavy work, never imports `functions.api`."""

import os

# numpy's matrices here are small: its further threads would only wait for each other, at twice the price, and
# take the cores from the model. Before numpy is imported anywhere.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
