"""What the figures share: opening a results file of Allometer, saving a picture, and mistakes that the user can mend."""

INK = "#222222"
FAINT = "#8a8a8a"


class UserError(Exception):
    """Something that the user can mend; the message says how."""


def import_or_explain():
    try:
        import matplotlib
        import xarray
    except ImportError as error:
        raise UserError(f"the Python package {error.name} is missing; on Debian: "
                        "apt install python3-xarray python3-netcdf4 python3-matplotlib") from error
    matplotlib.use("Agg")
    return xarray


def job_group(path):
    """The name of the one group of the file."""
    import netCDF4

    try:
        with netCDF4.Dataset(path) as file:
            groups = list(file.groups)
    except FileNotFoundError as error:
        raise UserError(f"{path}: there is no such file") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read as HDF5 ({error}); is it the .h5 file of a sweep, and whole?") from error
    if len(groups) != 1:
        raise UserError(f"{path}: has {len(groups)} groups, a results file of Allometer has one")
    return groups[0]


def load_groups(path, *names):
    """Datasets of the job's group ("") and of groups below it, as "analysis_size"."""
    xarray = import_or_explain()
    job = job_group(path)
    try:
        return [xarray.load_dataset(path, group=f"{job}/{name}".rstrip("/"), engine="netcdf4") for name in names]
    except (OSError, KeyError) as error:
        raise UserError(f"{path}: holds no statistics ({error}); run `allometer analyze` on it first") from error


def save(figure, output):
    try:
        figure.savefig(output, dpi=160)
    except (OSError, ValueError) as error:
        raise UserError(f"{output}: cannot write the picture ({error})") from error
    print(output)


def picture_of(results, output):
    """The file to write: what was asked for, else beside the results file."""
    return output or results.rsplit(".", 1)[0] + ".png"
