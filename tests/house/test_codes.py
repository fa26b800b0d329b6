"""Every error code is provoked by a test, and no test names a code that does not exist."""

import perpcore as pc

# Only the owner of a book refuses a fill, and a book by itself has none that does: provoked in rust/perpcore/tests.
OF_OWNERS = {"fill_refused"}


def declared() -> set[str]:
    return {entry["name"] for entry in pc.describe()["errors"]}


def test_every_code_is_provoked_by_a_test(provoked: dict[str, list[str]]) -> None:
    silent = sorted(declared() - provoked.keys() - OF_OWNERS)
    assert not silent, f"no test is marked @pytest.mark.code(…) for: {', '.join(silent)}"


def test_marks_name_codes_that_exist(provoked: dict[str, list[str]]) -> None:
    unknown = {code: provoked[code] for code in provoked.keys() - declared()}
    assert not unknown
