"""Every hook is documented with its exact signature, and has an implementation in this repository."""

import pytest

from core.ext import hooks
from core.ext.documented import PAGE, hook_names, page
from core.ext.registry import Registry


def test_the_page_of_hooks_is_what_the_code_says() -> None:
    """Otherwise: ``python -m core.ext.documented``."""
    assert PAGE.read_text("utf-8") == page()


@pytest.mark.parametrize("name", hook_names())
def test_a_hook_has_a_user(name: str, registry: Registry) -> None:
    users = [key for key, module in registry.modules.items() if hasattr(module.source, name)]
    assert users, f"nobody implements {name}: a hook comes with its first user"


@pytest.mark.parametrize("name", hook_names())
def test_a_hook_says_what_it_is_for_in_one_line(name: str) -> None:
    text = getattr(hooks, name).__doc__ or ""
    assert text.endswith(".")
    assert "\n" not in text
