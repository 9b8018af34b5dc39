"""What a workspace decides about all its forms."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from core.sdk import N_, Email, LongText, Secret


class FormsSettings(msgspec.Struct, kw_only=True):
    """What the workspace decides about all its forms."""

    consent_text: Annotated[
        LongText | None,
        Meta(title=N_("Consent text of new forms"), description=N_("Each form keeps its own from then on.")),
    ] = None
    notify_email: Annotated[
        Email | None,
        Meta(title=N_("Tell this address"), description=N_("Where a lead has no owner to be told.")),
    ] = None
    keep_spam_days: Annotated[
        Annotated[int, Meta(ge=1, le=3650)], Meta(title=N_("Keep spam for so many days"))
    ] = 30
    signing_word: Annotated[
        Secret,
        Meta(
            title=N_("Signing word"),
            description=N_(
                "Changing it makes pages that stand open now invalid, so they have to be loaded anew."
            ),
        ),
    ] = ""
