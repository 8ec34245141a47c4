"""Unpack a workbook to lines of JSON, in a process that is run for it alone and may use so much memory and no more.

    python -m classifier.files.unpacking WORKBOOK BYTES

The rows of all sheets go to the output, where they stand in it to the error stream.
"""

from __future__ import annotations

import datetime as dt
import json
import resource
import sys
from pathlib import Path
from typing import Any, BinaryIO, Final, TextIO

from classifier.errors import UnreadableFileError
from classifier.files.spreadsheets import tables_of

DAY: Final = "day"
MOMENT: Final = "moment"
"""Keys of an object that stands for a day, or a day and time, in ISO form."""
MOST_MEMORY: Final = 4 << 30
"""Bytes of address space that unpacking may take."""
TOO_LARGE: Final = "展开后要占用 {:g} GB 以上的内存；请拆成几个文件，或另存为 CSV"


def unpack(path: Path, rows: BinaryIO) -> dict[str, Any]:
    """Write the rows of a workbook and return where those of each sheet are, or what is wrong with it."""
    sheets, at = [], 0
    try:
        for table in tables_of(path):
            begin = at
            for number, cells in table.rows:
                line = json.dumps([number, *cells], ensure_ascii=False, default=_day)
                at += rows.write(line.encode("utf-8", "surrogatepass") + b"\n")
            sheets.append({"name": table.name, "columns": table.columns, "begin": begin, "end": at})
    except UnreadableFileError as error:
        return {"problem": error.problem, "row": error.row}
    except MemoryError:
        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        return {"problem": TOO_LARGE.format(limit / (1 << 30)), "row": None}
    return {"sheets": sheets}


def _day(value: dt.date) -> dict[str, str]:
    return {MOMENT if isinstance(value, dt.datetime) else DAY: value.isoformat()}


def main(path: Path, most: int, rows: BinaryIO, found: TextIO) -> None:
    """Unpack within `most` bytes of memory."""
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    json.dump(unpack(path, rows), found)
    rows.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.stdout.buffer, sys.stderr)
