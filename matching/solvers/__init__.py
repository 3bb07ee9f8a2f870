"""What turns arcs into a plan: the flow where the rules are two trees, schedules elsewhere."""
