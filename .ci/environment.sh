#!/bin/sh
# environment.sh PYTHON VENV WHAT: make the virtual environment if it is not there, and install WHAT into it.
set -eu
python=$1 venv=$2 what=$3

if ! command -v "$python" >/dev/null 2>&1; then
    echo "firmlab: '$python' was not found. Name a Python 3.11 or newer: make compare PYTHON=python3.12" >&2
    exit 2
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "firmlab: needs Python 3.11 or newer; '$python' is $("$python" -c 'import platform; print(platform.python_version())'). If a newer one is installed, name it: make compare PYTHON=python3.12" >&2
    exit 2
fi
if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    rm -rf "$venv"
    if ! "$python" -m venv "$venv" >/dev/null 2>&1; then
        rm -rf "$venv"
        echo "firmlab: '$python' cannot make a virtual environment. On Debian or Ubuntu: apt install python3-venv" >&2
        exit 2
    fi
fi
echo "firmlab: installing $what (about 200 MB to fetch the first time) ..." >&2
quiet=--quiet
[ -t 2 ] && quiet=
if ! "$venv/bin/python" -m pip install $quiet --disable-pip-version-check --constraint constraints.txt --editable "$what"; then
    echo "firmlab: the packages could not be installed. Without a network, point pip at a folder that holds them (hatchling too): PIP_NO_INDEX=1 PIP_FIND_LINKS=folder make compare" >&2
    exit 2
fi
