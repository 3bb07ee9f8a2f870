"""Records at the edge: read in batches, credited volunteer by volunteer, and kept as a folder."""
