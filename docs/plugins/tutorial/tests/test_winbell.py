"""The win bell, tested as its author would: with the workspaces that ``pytest --guanxi-plugin winbell`` gives."""

from guanxi_winbell.plugin import WinbellSettings


def won(guanxi, name="Valves, phase two"):
    deal = guanxi.post("/deals", {"name": name})
    guanxi.post(f"/deals/{deal['id']}/win", {})
    guanxi.work()
    return deal


def rings(guanxi, workspace):
    return guanxi.ask(workspace, "/api/v1/winbell/rings")


def test_a_won_deal_rings_once_where_the_plugin_is_on(guanxi):
    deal = won(guanxi)
    guanxi.work()
    assert [row["deal_id"] for row in rings(guanxi, guanxi.has).json()["data"]] == [deal["id"]]
    assert rings(guanxi, guanxi.lacks).status_code == 404


def test_the_page_and_the_card_show_it(guanxi):
    deal = won(guanxi, "Pumps")
    place = f"/w/{guanxi.has.tenant.slug}"
    assert "Pumps" in guanxi.ask(guanxi.has, f"{place}/winbell").text
    assert "It rang" in guanxi.ask(guanxi.has, f"{place}/panels/deal/{deal['id']}/side/winbell").text
    assert "Win bell" in guanxi.ask(guanxi.has, f"{place}/").text
    other = guanxi.ask(guanxi.lacks, f"/w/{guanxi.lacks.tenant.slug}/")
    assert "Win bell" not in other.text


def test_the_token_is_kept_sealed(guanxi):
    guanxi.configure(WinbellSettings(room_url=None, token="s3cret"))

    async def read():
        async with guanxi.runtime.open(guanxi.has.tenant, readonly=True) as ctx:
            return ctx.settings("winbell").token

    assert guanxi.run(read()) == "s3cret"
    assert "s3cret" not in repr(guanxi.has.tenant)
