#!/bin/sh
# SPDX-License-Identifier: MIT
# A private apt beside the system's own: other sources, lists and pins, kept in the user's cache folder, so that single
# packages can come from a newer Debian while the machine's own sources and lists stay as they are.
#
#   sh native/apt.sh packages   the system's sources, and what of a newer Debian our set-up needs by name
#   sh native/apt.sh kernels    nothing but the suite with the kernels
#   sh native/apt.sh sources    the same, with the sources of its packages
#
# Brings the lists up to date, then prints the path of a configuration file for apt-get -c. Needs no root.
set -eu

root=${XDG_CACHE_HOME:-$HOME/.cache}/scxkit/apt
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

fail() {
	echo "apt: $*" >&2
	exit 1
}

# configure NAME: an empty private apt; sets $dir and $conf. Everything that apt would run or fetch besides is left out.
configure() {
	dir=$root/$1
	conf=$dir/apt.conf
	rm -rf "$dir/sources.d" "$dir/preferences.d"
	mkdir -p "$dir/sources.d" "$dir/preferences.d" "$dir/lists/partial"
	cat >"$conf" <<-END
		Dir::Etc::sourcelist "/dev/null";
		Dir::Etc::sourceparts "$dir/sources.d";
		Dir::Etc::preferencesparts "$dir/preferences.d";
		Dir::State::Lists "$dir/lists";
		Dir::Cache::pkgcache "";
		Dir::Cache::srcpkgcache "";
		APT::Sandbox::User "root";
		APT::Get::List-Cleanup "true";
		Acquire::Languages "none";
		Acquire::Retries "3";
		#clear APT::Update::Pre-Invoke;
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
		#clear APT::Default-Release;
	END
}

# The system's own sources and preferences, by link.
link_system() {
	sed -i '/^Dir::Etc::sourcelist /d' "$conf"
	for kind in sources preferences; do
		case $kind in sources) parts=sourceparts ;; *) parts=preferencesparts ;; esac
		eval "$(apt-config shell from "Dir::Etc::$parts/d")"
		for file in "${from%/}"/*; do
			[ ! -f "$file" ] || ln -s "$file" "$dir/$kind.d/"
		done
	done
}

update() {
	apt-get -c "$conf" -qq update >&2
}

# targets [-c FILE]: URI and codename of every suite of Debian's whose lists are there.
targets() {
	apt-get "$@" indextargets --format '$(ORIGIN)/$(COMPONENT) $(REPO_URI) $(CODENAME)' 'Created-By: Packages' |
		sed -n -e 's,^Debian/main ,,p' -e 's,^Debian Backports/main ,,p' | sort -u
}

# Sets $suites to those lines. What the sources say counts, not /etc/os-release: a machine that was half upgraded once
# says another version than its sources do, and it is the sources that apt installs from.
find_suites() {
	suites=$(targets)
	if [ -z "$suites" ]; then
		configure system
		link_system
		update || fail "the package lists can't be fetched"
		suites=$(targets -c "$conf")
	fi
}

# add_suite CODENAME [TYPES]: another suite of the same mirror, unless the system has it; nothing comes from it by itself.
add_suite() {
	echo "$suites" | grep -q " $1\$" || {
		printf 'Types: %s\nURIs: %s\nSuites: %s\nComponents: main\n' "${2:-deb}" "$mirror" "$1"
		[ ! -f "$keyring" ] || echo "Signed-By: $keyring"
	} >"$dir/sources.d/scxkit-$1.sources"
	printf 'Package: *\nPin: release n=%s\nPin-Priority: 1\n\n' "$1" >>"$dir/preferences.d/scxkit"
}

# pin CODENAME PACKAGE…: these may come from there.
pin() {
	suite=$1
	shift
	printf 'Package: %s\nPin: release n=%s\nPin-Priority: 990\n\n' "$*" "$suite" >>"$dir/preferences.d/scxkit"
}

command -v apt-get >/dev/null || fail "this system has no apt"
mkdir -p "$root"
# One at a time: two checkouts may be set up side by side.
exec 9>"$root/lock"
flock 9

find_suites
release=
mirror=
while read -r uri codename; do
	case $codename in '' | *-*) continue ;; esac
	mirror=$uri release=$codename
	# A machine with several (testing beside stable): the one it says it is.
	if (. /etc/os-release && [ "${VERSION_CODENAME:-}" = "$codename" ]); then break; fi
done <<END
$suites
END

case ${1:-} in
packages)
	configure packages
	link_system
	if [ "$release" = bookworm ]; then
		add_suite bookworm-backports
		pin bookworm-backports libbpf-dev libbpf1
		add_suite trixie
		# Prometheus is a peer of the tests: one version for all.
		pin trixie virtme-ng prometheus
	fi
	;;
kernels | sources)
	[ -n "$mirror" ] || fail "only Debian has the test kernels; pass KERNEL=path-of-a-vmlinuz of your own, 6.16 or newer with CONFIG_SCHED_CLASS_EXT"
	configure "$1"
	suites=
	case $1 in kernels) types=deb ;; *) types="deb deb-src" ;; esac
	add_suite trixie-backports "$types"
	;;
*)
	fail "usage: sh native/apt.sh packages|kernels|sources"
	;;
esac
# Without the network, lists fetched before do as well.
update || [ -n "$(find "$dir/lists" -name '*_Packages*' | head -n 1)" ] || fail "the package lists can't be fetched"
echo "$conf"
