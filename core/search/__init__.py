"""Search over all records: Chinese by characters, pinyin and initials; phones, mail addresses, numbers.

Owns search_document, written at the end of every transaction that touched a searchable record. Emits nothing.
Never decides who sees what: reach and shares are part of each question.
"""
