"""The method: noise schedules, denoisers, solvers and SDEdit itself. Needs torch and nothing else of this package.

Import its modules, not the package: `plan` loads without torch, so that the window can say what an edit will cost.
"""
