import os

import pytest


@pytest.fixture(scope="session")
def postgres_url() -> str:
    return os.environ["GX_DEV"]
