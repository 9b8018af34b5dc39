"""Writes lists into files: what a list finds, in its columns, as CSV or XLSX, by a job.

Owns export_run. Emits export.finished. Never writes what the asker may not see, nor a cell that runs.
"""
