"""The method: noise schedules, denoisers, solvers and SDEdit itself. Needs torch and nothing else of this package.

Import the modules, not this package: `plan` loads without torch, so that the window can ask what an edit will cost.
"""
