"""Delta tables as delta-rs reads them."""

import deltalake
import pyarrow as pa


def open_table(path, attempts=5):
    """The table by delta-rs.

    delta-rs lists the log. A listing that is taken while commits are made may lack one commit and have the next, and
    delta-rs then complains of a gap. Another attempt must succeed.
    """
    for attempt in range(attempts):
        try:
            return deltalake.DeltaTable(str(path))
        except deltalake.exceptions.DeltaError as error:
            if "found gap" not in str(error) or attempt == attempts - 1:
                raise


def rows(table, columns=None):
    """The rows of a table, or of the table at a path.

    DeltaTable.to_pyarrow_table() gives the same rows, but turns each file's statistics into an expression, which takes
    ten times the CPU.
    """
    if not isinstance(table, deltalake.DeltaTable):
        table = open_table(table)
    schema = pa.schema(table.schema())
    names = columns or schema.names
    selected = ", ".join(f'"{name}"' for name in names)
    found = pa.table(deltalake.QueryBuilder().register("t", table).execute(f"select {selected} from t"))
    return found.cast(pa.schema([schema.field(name) for name in names]))
