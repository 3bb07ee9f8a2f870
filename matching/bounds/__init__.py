"""Bounds without a solver: prices, the two oracles, the certificate.

A rule about one volunteer's week belongs to `labelling` (and to `clusters`, which knows the weeks
that are easy); a rule about one request's team belongs to `teams`.
"""
