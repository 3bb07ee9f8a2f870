"""What a solved week can be asked: what needs me, who could come, why not, what would help."""
