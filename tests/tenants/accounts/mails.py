"""What tests read in the development inbox."""

import re


def links(runtime, to):
    """The paths of the links in the mails to an address, the latest first."""
    inbox = runtime.mailer.inbox
    texts = [inbox.read(entry.id).text for entry in inbox.newest() if entry.to == to]
    return [found[1] for text in texts if (found := re.search(r"https?://[^/\s]+(/confirm/\S+)", text))]


def subjects(runtime, to):
    """The subjects of the mails to an address, the latest first."""
    return [entry.subject for entry in runtime.mailer.inbox.newest() if entry.to == to]
