"""What a key says about itself."""


async def test_a_key_knows_where_it_leads_and_what_it_may_do(ann, bo):
    me = (await ann.api.get("/me")).json()
    assert me["tenant"]["slug"] == ann.tenant.slug
    assert me["actor"]["role"] == "owner"
    assert me["actor"]["permissions"]["customers.view"] == "all"
    assert "customers:write" in me["key"]["scopes"]
    assert me["limits"]["key_per_minute"] > 0
    assert (await bo.api.get("/me")).json()["actor"]["permissions"]["customers.view"] == "own"


async def test_nobody_asks_without_a_key(ann):
    assert (await ann.api.get("/me", headers={"Authorization": ""})).status_code == 401
