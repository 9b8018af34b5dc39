"""A django-tenants project with the same tables, for comparison."""
