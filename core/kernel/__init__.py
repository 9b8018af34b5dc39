"""Mechanisms without business words: database, ids, events, jobs, secrets, text, mail, files."""
