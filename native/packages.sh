#!/bin/sh
# SPDX-License-Identifier: MIT
# sh native/packages.sh GROUP…   sees that the system packages of these groups are there: addon, build, vm, peers, interop, check.
#
# What is missing is installed where that can be done without asking (apt, as root or by sudo -n); elsewhere the command that does it is printed for
# each package manager, and the exit status is 1. Everything it says goes to stderr.
set -eu

here=$(dirname "$0")
# shellcheck source=native/requirements.sh
. "$here/requirements.sh"

node_version=$(node -p 'process.versions.node' 2>/dev/null || echo 0)
if ! echo "$node_version" | awk -F. '{ exit !($1 > 20 || ($1 == 20 && $2 >= 19)) }'; then
	if [ "$node_version" = 0 ]; then found="there is none"; else found="this is $node_version"; fi
	echo "scxkit: Node 20.19 or newer is needed, and $found. Get it from nodejs.org, or from a distribution that has it" >&2
	echo "scxkit: (Debian 13: apt-get install nodejs npm libnode-dev; Fedora: dnf install nodejs npm; Arch: pacman -S nodejs npm; Alpine: apk add nodejs npm)" >&2
	exit 1
fi
if ! has npm; then
	echo "scxkit: npm is needed, and is in the same place as Node, or in a package of that name" >&2
	exit 1
fi

lines=$(missing "$@")
[ -n "$lines" ] || exit 0

as_root=
if has apt-get; then
	if [ "$(id -u)" = 0 ]; then
		as_root=env
	elif sudo -n true 2>/dev/null; then
		as_root="sudo -n"
	fi
	# The private apt needs no root: it is what makes the command below find libbpf 1.4 and virtme-ng on Debian 12.
	if config=$(sh "$here/apt.sh" packages); then
		apt_command="apt-get -c $config install --no-install-recommends"
		[ -n "$as_root" ] || apt_command="sudo $apt_command"
	else
		as_root=
	fi
fi
if [ -z "$as_root" ]; then
	how_to_get "$lines"
	exit 1
fi

packages=$(column 4 "$lines")
echo "scxkit: installing $packages" >&2
# No removals: what is on this machine stays. The words of $packages and $as_root are meant to be split.
# shellcheck disable=SC2086
if ! $as_root env DEBIAN_FRONTEND=noninteractive apt-get -c "$config" install -q -y --no-install-recommends --no-remove \
	-o Dpkg::Use-Pty=0 $packages </dev/null >&2; then
	echo "scxkit: apt could not install them; above is why" >&2
	how_to_get "$lines"
	exit 1
fi
lines=$(missing "$@")
if [ -n "$lines" ]; then
	echo "scxkit: after the installation it is still not right:" >&2
	how_to_get "$lines"
	exit 1
fi
