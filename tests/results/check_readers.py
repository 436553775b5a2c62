"""Opens a results file as its users do and compares everything that each reader sees.

    check_readers.py READER FILE

READER is h5py, netcdf4, xarray_netcdf4, xarray_h5netcdf, ncdump or h5dump. Exit status 77: that reader is not installed.
"""

import shutil
import subprocess
import sys

import numpy as np

NO_COORDINATES = "This is a netCDF dimension but not a netCDF variable."
MISSING = 77


def walk(group, path=""):
    """(group path, name, dataset) of everything below a h5py group."""
    import h5py

    for name, item in group.items():
        if isinstance(item, h5py.Group):
            yield from walk(item, path + "/" + name)
        else:
            yield path, name, item


def reference(file):
    """{(group, name): values} of all columns, scales without coordinates left out."""
    import h5py

    columns = {}
    with h5py.File(file) as h5:
        for path, name, dataset in walk(h5):
            if NO_COORDINATES.encode() in dataset.attrs.get("NAME", b""):
                continue
            values = dataset.asstr()[:] if h5py.check_string_dtype(dataset.dtype) else dataset[:]
            columns[path, name] = values
    return columns


def groups_of(columns):
    return sorted({path for path, _ in columns})


def same(expected, actual, where):
    actual = np.asarray(actual)
    assert expected.shape == actual.shape, f"{where}: {expected.shape} and {actual.shape}"
    if expected.dtype == object:
        assert list(expected) == list(actual), where
    else:
        wrong = expected.dtype.kind == "i" and expected == -9223372036854775806
        expected = np.where(wrong, np.nan, expected) if np.any(wrong) else expected
        np.testing.assert_array_equal(expected, actual, err_msg=where)


def check_layout(file):
    """The rules of docs/results_schema.md that readers depend on."""
    import h5py

    with h5py.File(file) as h5:
        assert not [name for name, item in h5.items() if isinstance(item, h5py.Dataset)]
        assert set(h5.attrs) == {"Conventions", "title", "schema_version"}
        names = []
        job = h5[list(h5)[0]]
        job.id.links.iterate(names.append, idx_type=h5py.h5.INDEX_CRT_ORDER)
        assert names[0] == b"model", "the order of creation is not kept"
        columns = 0
        for path, name, dataset in walk(h5):
            where = f"{path}/{name}"
            assert dataset.ndim == 1, where
            assert h5py.h5ds.is_scale(dataset.id) or len(dataset.dims[0]) == 1, f"{where}: axis without scale"
            assert dataset.id.get_create_plist().get_attr_creation_order() == 3, where
            assert dataset.dtype.names is None, f"{where}: compound"
            if NO_COORDINATES.encode() in dataset.attrs.get("NAME", b""):
                assert dataset.attrs["NAME"].decode()[-10:] == f"{dataset.size:10d}", where
                continue
            columns += 1
            assert dataset.attrs["long_name"], where
            if h5py.check_string_dtype(dataset.dtype):
                assert h5py.check_string_dtype(dataset.dtype).encoding == "utf-8", where
                assert dataset.compression is None and not dataset.shuffle, f"{where}: filtered text"
                continue
            assert dataset.attrs["units"], where
            assert dataset.compression == "gzip" and dataset.shuffle, where
            assert dataset.chunks[0] * dataset.dtype.itemsize <= 2**20, where
            if "_FillValue" in dataset.attrs:
                assert dataset.attrs["_FillValue"].dtype == dataset.dtype, where
                np.testing.assert_equal(dataset.attrs["_FillValue"], dataset.fillvalue)
            if "flag_values" in dataset.attrs:
                assert dataset.dtype == np.int16, where
                flags = dataset.attrs["flag_values"]
                assert len(dataset.attrs["flag_meanings"].split()) == len(flags), where
                assert np.isin(dataset[:], flags).all(), where
            if "sample_dimension" in dataset.attrs:
                sampled = h5[path][dataset.attrs["sample_dimension"]]
                assert dataset[:].sum() == sampled.size, where
                starts = h5[path][name.replace("_row_size", "_row_start")]
                assert starts.dtype == np.int64, where
                np.testing.assert_array_equal(np.cumsum(dataset[:]) - dataset[:], starts[:])
        assert columns > 80, columns
        check_numbers(job)


def check_numbers(job):
    """What make_record of sample_sweep.hpp wrote."""
    cell, question = job["record_cell"][:], job["record_question"][:]
    order = list(zip(cell, question))
    assert order == sorted(order) and len(set(order)) == len(order)
    task = job["cell_task_index"][:][cell]
    np.testing.assert_array_equal(job["question_task_index"][:][question], task)
    number = question - job["question_row_start"][:][task]
    former = job["in_job"][:][cell] == 0
    assert former.sum() == 7
    np.testing.assert_array_equal(job["context_tokens"][:], 100 * cell + number)
    for row in range(len(cell)):
        first, count = job["request_row_start"][row], job["request_row_size"][row]
        expected = [-1.0 / 3.0 * (1 + cell[row]) - number[row] - 0.125 * i for i in range(count)]
        np.testing.assert_array_equal(job["log_likelihood"][first : first + count], expected)
        is_greedy = job["is_greedy"][first : first + count]
        np.testing.assert_array_equal(is_greedy, [i == number[row] % 4 for i in range(count)])
    for name, offset in (("acc", 0), ("acc_norm", 0.01)):
        expected = np.where(task == 0, 0.1 * cell + number + offset, np.nan)
        np.testing.assert_array_equal(job[name][:], expected)
        np.testing.assert_array_equal(job[name + "_weight"][:], np.where(task == 0, 1.0 + number, np.nan))
    texts = job["generated"].asstr()[:]
    rows = np.flatnonzero(job["generation_row_size"][:])
    assert [f"text of cell {cell[row]} — " + "x" * number[row] for row in rows] == list(texts)


def check_netcdf4(file, columns):
    import netCDF4

    with netCDF4.Dataset(file) as nc:
        for path in groups_of(columns):
            group = nc[path] if path else nc
            expected = {name for where, name in columns if where == path}
            assert set(group.variables) == expected, set(group.variables) ^ expected
            for name, variable in group.variables.items():
                values = variable[:]
                if np.ma.isMaskedArray(values):
                    values = values.astype(float).filled(np.nan) if values.mask.any() else values.data
                same(columns[path, name], values, f"{path}/{name}")


def check_xarray(file, columns, engine):
    import xarray as xr

    for path in groups_of(columns):
        with xr.open_dataset(file, group=path, engine=engine) as ds:
            expected = {name for where, name in columns if where == path}
            assert set(ds.variables) == expected, set(ds.variables) ^ expected
            for name in ds.variables:
                same(columns[path, name], ds[name].values, f"{path}/{name}")
    check_examples(file, columns, engine)


def check_examples(file, columns, engine):
    """The examples of docs/results_schema.md."""
    import xarray as xr

    group = groups_of(columns)[0]
    ds = xr.load_dataset(file, group=group, engine=engine)
    acc = ds.acc.assign_coords(
        task=ds.cell_task[ds.record_cell],
        variant=ds.cell_variant[ds.record_cell],
        shots=ds.num_fewshot[ds.record_cell],
        question=ds.question_id[ds.record_question],
    )
    rows = acc[acc.task == "story_cloze"].to_dataframe()
    table = rows.pivot(index="variant", columns="question", values="acc")
    assert table.shape == (2, 7), table
    assert abs(table.loc["stories-50k/f32", "q6"] - 6) < 1e-12, table
    cells = ds[[name for name in ds if ds[name].dims == ("cell",)]].to_dataframe()
    assert list(cells.status) == [2, 2, 1, 3, 0, 2, 2], cells.status
    assert "tensor 'x' is missing" in cells.status_reason[3]
    estimates = xr.open_dataset(file, group=group + "/estimates", engine=engine).to_dataframe()
    assert list(estimates.value) == [0.5, 2.5] and list(estimates.task_name) == ["story_cloze", "story_lm"]


def main():
    reader, file = sys.argv[1:]
    if reader == "ncdump" or reader == "h5dump":
        if not shutil.which(reader):
            sys.exit(MISSING)
        text = subprocess.run([reader, file], check=True, capture_output=True, encoding="utf-8").stdout
        assert "größer than 3 mice" in text or reader == "h5dump", text[:2000]
        header = subprocess.run(
            ["ncdump", "-h", file] if reader == "ncdump" else ["h5dump", "-B", "-A", "0", "-H", file],
            check=True, capture_output=True, encoding="utf-8").stdout
        if reader == "ncdump":
            assert "double acc(record)" in header and "cell = UNLIMITED" in header
        else:
            assert "SUPERBLOCK_VERSION 2" in header, header[:400]
        return
    needs = {"h5py": ["h5py"], "netcdf4": ["h5py", "netCDF4"], "xarray_netcdf4": ["h5py", "xarray", "netCDF4"],
             "xarray_h5netcdf": ["h5py", "xarray", "h5netcdf"]}[reader]
    for module in needs:
        try:
            __import__(module)
        except ImportError:
            sys.exit(MISSING)
    columns = reference(file)
    if reader == "h5py":
        check_layout(file)
    elif reader == "netcdf4":
        check_netcdf4(file, columns)
    else:
        check_xarray(file, columns, "netcdf4" if reader == "xarray_netcdf4" else "h5netcdf")


if __name__ == "__main__":
    main()
