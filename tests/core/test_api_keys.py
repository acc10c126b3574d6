from functions.core.accounts.api_keys import hash_of, is_secret, key_id_of, make_secret
from functions.core.ids import new_id


def test_a_key_is_found_by_its_id_and_proved_by_its_secret() -> None:
    key_id = new_id("api_key")
    secret = make_secret(key_id)

    assert key_id_of(secret) == key_id
    assert is_secret(secret, hash_of(secret))
    assert not is_secret(make_secret(key_id), hash_of(secret))


def test_what_has_not_the_form_of_a_key_is_none() -> None:
    assert {
        key_id_of(text) for text in ("", "parley_", "parley_x_y", "sk-123", f"{make_secret(new_id('api_key'))}x")
    } == {None}
