"""Who may serve where, and what it is worth.

A rule about one volunteer at one post is a sieve of `eligibility`; what makes a pair better is a
term of `value`.
"""
