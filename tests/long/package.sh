#!/usr/bin/env bash
# The package: two builds of the same source, in different folders and at different times, are equal to
# the bit; lintian finds no error; it installs on a bare Debian and its programs run there; the
# Dockerfile's lines work; zsh and fish complete. The last parts need root and the Debian mirror that
# this machine's own packages come from.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset CMAKE_C_COMPILER_LAUNCHER SOURCE_DATE_EPOCH

say() { printf '== %s\n' "$*"; }

source_copy() { # folder: what is tracked, as it is now
    mkdir -p "$1"
    git ls-files -z | tar -c --null -T - | tar -x -C "$1"
}

package_build() { # folder, umask
    (
        umask "$2"
        cd "$1"
        cmake --preset release -DMAILFROM_TESTS=OFF
        cmake --build --preset release -j "$(nproc)" --target deb
    ) >"$1.log" 2>&1 || { tail -n 40 "$1.log"; return 1; }
}

say "two builds"
source_copy "$work/one"
source_copy "$work/two/somewhere/else"
package_build "$work/one" 022
package_build "$work/two/somewhere/else" 077
deb=$(echo "$work"/one/build/release/mailfrom_*.deb)
cmp "$deb" "$work"/two/somewhere/else/build/release/"$(basename "$deb")"
cmp "$work"/one/build/release/mailfrom "$work"/two/somewhere/else/build/release/mailfrom
sha256sum "$deb"

say "a build of something else differs" # so the comparison can fail
sed -i 's/there is no verb/there was no verb/' "$work/two/somewhere/else/cmd/mailfrom/main.c"
package_build "$work/two/somewhere/else" 022
! cmp -s "$deb" "$work"/two/somewhere/else/build/release/"$(basename "$deb")"

say "lintian"
lintian --allow-root --fail-on error "$deb"

say "completion in zsh and fish"
/usr/bin/python3 -B tests/package/completion.py "$work/one/build/release/mailfrom" --all

say "a bare Debian of this release"
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
bare_make() { # suite, file
    mmdebstrap --quiet --variant=minbase --aptopt="$(apt-config shell value Acquire::Check-Valid-Until |
        sed "s/^value='\(.*\)'$/Acquire::Check-Valid-Until \"\1\";/")" "$1" "$2"
}
bare_make "$release" "$work/bare.tar"
mkdir "$work/root"
tar -xf "$work/bare.tar" -C "$work/root"
cp /etc/resolv.conf "$work/root/etc/"
mkdir "$work/root/tmp/package"
cp "$deb" manifests/examples/small.yaml tests/package/smoke.sh "$work/root/tmp/package"
unshare --mount --pid --fork --mount-proc="$work/root/proc" chroot "$work/root" sh /tmp/package/smoke.sh

say "the Dockerfile, on the Debian that it names"
number=$(sed -n 's/^FROM debian:\([0-9]*\)-slim$/\1/p' Dockerfile)
case $number in
12) suite=bookworm ;;
13) suite=trixie ;;
esac
bare_make "$suite" "$work/named.tar"
/usr/bin/python3 -B tests/package/dockerfile.py Dockerfile "$work/one" "$work/named.tar" "$work/stages" --version
