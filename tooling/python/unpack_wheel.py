"""Unpacks the members of a wheel whose names begin with one of the given prefixes.

    python unpack_wheel.py WHEEL FOLDER PREFIX...
"""

import sys
import zipfile

wheel, folder, *prefixes = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    names = [name for name in archive.namelist() if name.startswith(tuple(prefixes))]
    if not names:
        sys.exit(f"Expected {wheel} to hold {', '.join(prefixes)}, received none of them.")
    archive.extractall(folder, names)
