"""Bodies into structs: every ``data`` parameter of a route and every form goes through the kernel's validation."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

import msgspec
from litestar import Request
from litestar.dto import AbstractDTO, DTOFieldDefinition
from litestar.openapi.spec import Reference, Schema
from litestar.plugins import SerializationPlugin
from litestar.typing import FieldDefinition

from core.kernel import validate
from core.kernel.errors import BadRequest
from core.kernel.i18n import N_

S = TypeVar("S", bound=msgspec.Struct)


class Validated(AbstractDTO[Any]):
    """Decodes a JSON body with all its errors at once; OpenAPI shows the declared struct."""

    def decode_bytes(self, value: bytes) -> Any:
        """Decode a JSON object into the declared struct."""
        return self.decode_builtins(validate.decode_json(value))

    def decode_builtins(self, value: dict[str, Any]) -> Any:
        """Convert a decoded object into the declared struct."""
        if not isinstance(value, dict):
            raise BadRequest(detail=N_("Send a JSON object."))
        return validate.convert(self.model_type, value)

    def data_to_encodable_type(self, data: Any) -> Any:
        """Leave answers to the framework's encoder."""
        return data

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: Any = None
    ) -> None:
        """Need no backend: the kernel does the work."""

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: Any
    ) -> Reference | Schema:
        """Show the struct itself."""
        schema: Reference | Schema = schema_creator.for_field_definition(field_definition)
        return schema

    @classmethod
    def is_supported_model_type_field(cls, field_definition: FieldDefinition) -> bool:
        """Never take part in answers."""
        return False

    @classmethod
    def generate_field_definitions(cls, model_type: type[Any]) -> Generator[DTOFieldDefinition, None, None]:
        """Give none: fields are the struct's."""
        yield from ()

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        """Never nest."""
        return False


class ValidatedBodies(SerializationPlugin):
    """Has every ``data: SomeStruct`` parameter decoded by :class:`Validated`."""

    def supports_type(self, field_definition: FieldDefinition) -> bool:
        """Whether this is the body of a route, declared as a struct."""
        return field_definition.name == "data" and field_definition.is_subclass_of(msgspec.Struct)

    def create_dto_for_type(self, field_definition: FieldDefinition) -> type[AbstractDTO[Any]]:
        """Make the decoder of one struct."""
        made: type[AbstractDTO[Any]] = Validated.__class_getitem__(field_definition.annotation)
        return made


async def form_values(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """The fields of a form as sent, several values of one name as a list, without the shell's own fields."""
    form = await request.form()
    values: dict[str, Any] = {}
    for name in dict.fromkeys(form.keys()):
        if name in {"_csrf", "_key"}:
            continue
        found = form.getall(name)
        values[name] = found if len(found) > 1 else found[0]
    return values


async def read_form(request: Request[Any, Any, Any], struct: type[S], *, region: str = "CN") -> S:
    """Convert a sent form into a struct; raises ``Invalid`` with all errors."""
    return validate.convert(struct, await form_values(request), text=True, region=region)
