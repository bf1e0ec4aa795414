#!/usr/bin/env bash
# Make $VENV with $PYTHON if it is not there, and install into it what the arguments say.
# A failed attempt takes away what it began and prints the line that mends it.
set -u

refuse() {
    echo "fes-ctrl: $1" >&2
    exit 1
}

[ -n "${PYTHON:-}" ] || refuse "no Python 3.11 or later found; on Debian and Ubuntu: apt-get install python3 python3-venv"
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    refuse "$PYTHON is $("$PYTHON" --version 2>&1); Python 3.11 or later is needed: make PYTHON=python3.11"

fresh=no
if [ ! -e "$VENV/.stamp-base" ]; then
    fresh=yes
    rm -rf "$VENV"
    echo "making $VENV with $("$PYTHON" --version)"
    if ! log=$("$PYTHON" -m venv "$VENV" 2>&1); then
        rm -rf "$VENV"
        echo "$log" | tail -n 3 >&2
        version=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        refuse "this Python has no venv; on Debian and Ubuntu: apt-get install python$version-venv"
    fi
fi
echo "installing: $*"
if ! log=$("$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "$@" 2>&1); then
    [ "$fresh" = no ] || rm -rf "$VENV"
    echo "$log" | grep -v '^WARNING' | tail -n 5 >&2
    refuse "the installation failed; check the network, then say make again (by hand: $PYTHON -m venv $VENV && $VENV/bin/pip install $*)"
fi
