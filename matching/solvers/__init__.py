"""From arcs to a plan under the full rulebook; what is a pure network needs only the flow.

`search` calls the steps in order. A rule about a team, or about several volunteers, is a method of
`column_generation.constraints`.
"""
