#!/bin/sh
# SPDX-License-Identifier: MIT
# Called by the addon's build (binding.gyp, CMakeLists.txt): ends it with what is missing and how to get it, or else prints what
# pkg-config says about libbpf for the options given, e.g. --cflags-only-I or --libs.
set -eu

# shellcheck source=native/requirements.sh
. "$(dirname "$0")/requirements.sh"

lines=$(missing addon)
if [ -n "$lines" ]; then
	how_to_get "$lines"
	exit 1
fi
exec pkg-config "$@" libbpf
