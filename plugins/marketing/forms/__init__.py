"""Web forms: a page or a snippet on a web site that makes leads of what visitors send.

Owns forms, their published states, consent texts, submissions with their files, and counts by day. Emits
``marketing.forms.*``. Never makes a lead before the verdict, and never changes a record that exists already.
"""
