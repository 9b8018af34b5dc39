"""Lines above every page."""

from core.ext.specs import Banner


def spoken(ctx, principal):
    problem = {
        "title": f"for {principal.name}",
        "status": 1,
        "detail": "",
        "errors": (),
        "back": "",
        "theme": "",
    }
    return "web/error.html", {**problem, "request_id": "", "fragment": True}


def silent(ctx, principal):
    return None


def broken(ctx, principal):
    raise ValueError("this must not be seen")


async def test_a_banner_stands_above_every_page_and_a_broken_one_is_left_out(ann, registry, monkeypatch):
    renders = {"broken": broken, "silent": silent, "spoken": spoken}
    made = [Banner(key=key, plugin="web", render=render) for key, render in renders.items()]
    monkeypatch.setitem(registry.declared, "Banner", made)
    page = await ann.page.get(ann.w("/customers"))
    assert page.status_code == 200
    assert "this must not be seen" not in page.text
    above, _, _ = page.text.partition('<div id="content"')
    assert "for Ann" in above
