"""Unpacks the library, the C headers and the licence of a TensorFlow wheel, and NVIDIA's wheels whole.

Usage: unpack.py FOLDER WHEEL...

FOLDER gets lib/, include/ and LICENSE of TensorFlow, and nvidia/ of the others: from lib/, the library's own run
path ($ORIGIN/../nvidia/...) leads there.
"""

import pathlib
import re
import shutil
import sys
import zipfile

KEPT = [
    (re.compile(r"tensorflow/(libtensorflow_(?:cc|framework)\.[^/]+)"), "lib/{}"),
    (re.compile(r"tensorflow/(include/tensorflow/(?:c|core/platform)/[^/]+\.h)"), "{}"),
    (re.compile(r"tensorflow/(include/tensorflow/c/(?:eager|experimental)/.+\.h)"), "{}"),
    (re.compile(r"tensorflow/(include/(?:xla/)?tsl/(?:c|platform)/[^/]+\.h)"), "{}"),
    (re.compile(r"tensorflow-[^/]+\.dist-info/(?:licenses/)?(LICENSE)"), "{}"),
    (re.compile(r"(nvidia/.+\.so[.\d]*)"), "{}"),
]


def target(name: str) -> str | None:
    for pattern, place in KEPT:
        if match := pattern.fullmatch(name):
            return place.format(match[1])
    return None


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    wheels = [zipfile.ZipFile(path) for path in sys.argv[2:]]
    members = [(wheel, info, place) for wheel in wheels for info in wheel.infolist() if (place := target(info.filename))]
    total = sum(info.file_size for _, info, _ in members)
    done = 0
    for wheel, info, place in members:
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        # zipfile checks each member's CRC when it has been read to its end.
        with wheel.open(info) as source, open(path, "wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 22)
        done += info.file_size
        print(f"unpacked {done} of {total}", flush=True)


main()
