"""Measures of an edit: faithfulness to the guide (L2) and realism (KID), over t0 and against baselines. Never imports
Qt.

`strokes` simulates stroke paintings from photographs as the paper did; `sweep` and `evaluate` are the two studies that
the command line offers.
"""
