"""The peer's directory of tenants."""

from django.db import models
from django_tenants.models import DomainMixin, TenantMixin


class Place(TenantMixin):
    name = models.TextField()
    auto_create_schema = True
    auto_drop_schema = True


class Domain(DomainMixin):
    pass
