"""Rings of the win bell. Owns winbell_ring. Emits nothing. Never changes a deal."""
