"""Requests about people's data: exported, restricted, erased, across all modules.

Owns: `data_request`, `data_suppression`. Emits `data_request.*`. Never knows what a module keeps: each declares it by
`crm_personal_data`.
"""
