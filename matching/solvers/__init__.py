"""From arcs to a plan under the full rulebook; what is a pure network needs only the flow."""
