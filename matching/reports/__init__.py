"""What people see of a plan: its facts as a few frames, and one module per format.

A new format begins at `facts`; the command finds it by its line in `writing`.
"""
