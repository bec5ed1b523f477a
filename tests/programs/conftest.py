"""The programs here are run through the command line by tests elsewhere; they are no tests themselves."""

collect_ignore_glob = ["*.py"]
