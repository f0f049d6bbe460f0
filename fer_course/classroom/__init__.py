"""A class: assignments, collecting, sandboxed grading and marks, all of it on nbgrader (extra `instructor`)."""
