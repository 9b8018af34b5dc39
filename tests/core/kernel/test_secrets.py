import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel.secrets import Cipher, KeyRing, SealBrokenError

RING = KeyRing(bytes(range(32)))
WRAPPED = RING.new_tenant_key()
CIPHER = RING.cipher(WRAPPED)
PLACE = "t1|contact|id_number|01a1"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(TEXT | st.binary(max_size=200), TEXT)
def test_what_is_sealed_opens_to_the_same_value(plain, place):
    sealed = CIPHER.encrypt(plain, place)
    assert type(sealed) is type(plain)
    assert CIPHER.decrypt(sealed, place) == plain


@given(TEXT, TEXT, TEXT)
def test_a_value_opens_at_its_own_place_alone(plain, place, other):
    if place != other:
        with pytest.raises(SealBrokenError):
            CIPHER.decrypt(CIPHER.encrypt(plain, place), other)


def test_a_mark_is_the_same_for_one_key_and_purpose_alone():
    mark = CIPHER.digest("li@example.com", "a")
    assert mark == RING.cipher(WRAPPED).digest("li@example.com", "a")
    others = {CIPHER.digest("li@example.com", "b"), CIPHER.digest("lj@example.com", "a")}
    others.add(RING.cipher(RING.new_tenant_key()).digest("li@example.com", "a"))
    assert len(others | {mark}) == 4
    assert len(mark) == 32


def test_equal_values_never_look_alike():
    assert len({CIPHER.encrypt("same", PLACE) for _ in range(100)}) == 100


@pytest.mark.parametrize("plain", ["", "13800138000", "身份证", b"", b"bytes \x00\xff"])
def test_a_change_of_any_byte_is_found(plain):
    sealed = CIPHER.encrypt(plain, PLACE)
    raw = sealed.encode() if isinstance(sealed, str) else sealed
    for position in range(len(raw)):
        for change in (1, 2, 4, 16, 32, 128):
            changed = bytearray(raw)
            changed[position] ^= change
            broken = bytes(changed) if isinstance(sealed, bytes) else bytes(changed).decode("latin-1")
            with pytest.raises(SealBrokenError):
                CIPHER.decrypt(broken, PLACE)


@pytest.mark.parametrize("plain", ["text", b"bytes"])
def test_what_is_cut_or_lengthened_does_not_open(plain):
    sealed = CIPHER.encrypt(plain, PLACE)
    for broken in [*(sealed[:length] for length in range(len(sealed))), sealed + sealed[:1], sealed + sealed]:
        with pytest.raises(SealBrokenError):
            CIPHER.decrypt(broken, PLACE)


@given(st.text(max_size=80) | st.binary(max_size=80))
def test_anything_else_does_not_open(value):
    with pytest.raises(SealBrokenError):
        CIPHER.decrypt(value, PLACE)


def test_text_and_bytes_do_not_stand_for_each_other():
    sealed = CIPHER.encrypt(b"\x01" * 40, PLACE)
    with pytest.raises(SealBrokenError):
        CIPHER.decrypt("v1." + sealed.hex(), PLACE)


def test_each_tenant_has_its_own_key_and_only_wrapped():
    other = RING.new_tenant_key()
    assert other != WRAPPED
    with pytest.raises(SealBrokenError):
        RING.cipher(other).decrypt(CIPHER.encrypt("x", PLACE), PLACE)
    with pytest.raises(SealBrokenError):
        KeyRing(bytes(32)).cipher(WRAPPED)
    assert RING.cipher(WRAPPED) is CIPHER


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_keys_have_256_bits(length):
    with pytest.raises(ValueError, match="32 bytes"):
        KeyRing(bytes(length))
    with pytest.raises(ValueError, match="32 bytes"):
        Cipher(bytes(length))


def test_keys_are_not_shown():
    assert repr(RING) == "KeyRing(…)"
    assert repr(CIPHER) == "Cipher(…)"
