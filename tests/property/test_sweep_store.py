"""Wherever a kill cuts a file of rows, what was whole is there and the rest can be written anew."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.tuning.store import Store

rows = st.fixed_dictionaries(
    {
        "key": st.sampled_from("abcdef"),
        "ok": st.booleans(),
        "error": st.text(max_size=20),
        "x": st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(),
    }
)


@given(st.lists(rows, max_size=8), st.data())
def test_a_file_cut_anywhere_holds_the_rows_that_were_whole(
    written: list[dict[str, object]], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        with Store(path) as store:
            for row in written:
                store.put(row)
        whole = path.read_bytes()
        cut = whole[: data.draw(st.integers(0, len(whole)))]
        path.write_bytes(cut)
        kept = written[: cut.count(b"\n")]
        with Store(path) as store:
            assert {key: store.get(key) for key in store} == {row["key"]: row for row in kept}
            for row in written[len(kept) :]:
                store.put(row)
        assert path.read_bytes() == whole
