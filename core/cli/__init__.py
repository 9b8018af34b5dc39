"""The `guanxi` command: one module per family of commands, each with a list `COMMANDS`.

Owns: words, options and output of the command line, and the processes of `guanxi up`.
Never: holds a rule of the product; a command calls the same verbs as the pages and the API.
"""
