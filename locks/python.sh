#!/bin/sh
# Print a Python that the course takes: the one that is named, else the first one on the path that fits, else one that uv brings.
#
#     sh locks/python.sh [PYTHON]        # messages go to standard error; exit status 1 if there is none
#
# Which versions fit, locks/course.txt says at its beginning.
set -u
cd "$(dirname "$0")/.." || exit 1
versions=$(sed -n 's/^# For Python \(.*\)\.$/\1/p' locks/course.txt)
words=$(echo "$versions" | sed 's/\(.*\), /\1 or /')
newest=${versions##* }

fits() {
	"$1" -I -c 'import sys, venv, ensurepip; sys.exit("%d.%d" % sys.version_info[:2] not in sys.argv[1].split(", "))' \
		"$versions" >/dev/null 2>&1
}

refuse() {
	echo "fer_course needs Python $words with venv (on Debian and Ubuntu: apt install python3-venv). $1" >&2
	exit 1
}

# Print uv: the one on the path, else the locked one, from an environment in the folder $1 made by a Python that does not fit.
find_uv() {
	uv --version >/dev/null 2>&1 && command -v uv && return
	for candidate in python3 python; do
		"$candidate" -I -m venv --clear "$1/uv" && "$1/uv/bin/python" -m pip install -q --disable-pip-version-check \
			--only-binary :all: --require-hashes -r locks/setup.txt && break
	done >/dev/null 2>&1
	test -x "$1/uv/bin/uv" && echo "$1/uv/bin/uv"
}

if [ -n "${1:-}" ]; then
	fits "$1" || refuse "PYTHON names $1, which is $("$1" --version 2>&1 | head -n 1)."
	echo "$1"
	exit 0
fi

# The plain names come first: they are what somebody, or a workflow, has put in front on the path.
for candidate in python3 python $(echo "$versions" | tr ', ' '\n\n' | sed -n 's/^3/python3/p' | sort -rV); do
	if fits "$candidate"; then
		command -v "$candidate"
		exit 0
	fi
done

found="Found: $(python3 --version 2>/dev/null || echo no Python)."
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
uv=$(find_uv "$temporary") || refuse "$found Install one, or name it: make PYTHON=/path/to/python"
export UV_PYTHON_INSTALL_DIR="${UV_PYTHON_INSTALL_DIR:-$PWD/.python}" UV_PYTHON_PREFERENCE=only-managed UV_PYTHON_INSTALL_BIN=0
echo "No Python $words is on the path ($found) uv brings Python $newest, for this folder alone: $UV_PYTHON_INSTALL_DIR" >&2
"$uv" python install -q "$newest" 2>"$temporary/said" && brought=$("$uv" python find "$newest" 2>>"$temporary/said") \
	&& fits "$brought" && echo "$brought" && exit 0
refuse "$found uv could not bring one: $(tail -n 1 "$temporary/said") Install one, or name it: make PYTHON=/path/to/python"
