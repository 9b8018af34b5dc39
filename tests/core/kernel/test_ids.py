from core.kernel.ids import opaque, uuid7


def test_record_ids_are_version_7_and_ascend():
    ids = [uuid7() for _ in range(5000)]
    assert {one.version for one in ids} == {7}
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


def test_opaque_names_are_short_lowercase_and_never_repeat():
    names = {opaque() for _ in range(5000)}
    assert len(names) == 5000
    assert all(
        len(name) == 12 and name.isascii() and name.isalnum() and name == name.lower() for name in names
    )
