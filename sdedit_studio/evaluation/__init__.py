"""Studies of edits: faithfulness to the guide (L2) and realism (KID), over t0 and against baselines. Never imports Qt.

`strokes` simulates stroke paintings from photographs as the paper did. `sweep`, `evaluate` and `canvas` are the studies
of the command line.
"""
