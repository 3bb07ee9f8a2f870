"""Tables in files: folders, archives, workbooks."""
