#!/bin/sh
# How the package does on a bare Debian: it installs, its programs run without the source tree, and it
# leaves nothing behind. Run as root in a root that may be spoilt, with the package and an example
# manifest, small.yaml, beside this script.
set -eu
cd "$(dirname "$0")"
export DEBIAN_FRONTEND=noninteractive

say() { printf '== %s\n' "$*"; }

say "it installs"
apt-get update -qq
apt-get install -qq -y --no-install-recommends ./mailfrom_*.deb >/dev/null
if ldd /usr/bin/mailfrom /usr/bin/ses-sim | grep 'not found'; then exit 1; fi
dpkg --verify mailfrom # nothing, or what dpkg.cfg of the image leaves out

say "it knows the libraries of this release"
mailfrom --version --verbose
if mailfrom --version --verbose | grep '^warning'; then exit 1; fi

say "check, rehearse, explain"
mailfrom check small.yaml
mailfrom rehearse small.yaml
mailfrom explain sandbox | head -n 1

say "ses-sim answers"
cat >identities.csv <<'CSV'
account,region,identity,type,verified,mail_from,behavior,status,forwarding
111122223333,us-east-1,example.com,DOMAIN,SUCCESS,,USE_DEFAULT_VALUE,,true
CSV
: >ready
ses-sim --identities identities.csv --resolver 127.0.0.1:9 >ready &
sim=$!
trap 'kill "$sim"' EXIT
until grep -q '^ready ' ready; do
    kill -0 "$sim"
    sleep 0.1
done
AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY \
    AWS_EC2_METADATA_DISABLED=true AWS_ENDPOINT_URL=$(sed -n 's/^ready //p' ready) \
    mailfrom discover --region us-east-1 --out found.yaml
grep -F example.com found.yaml

say "its units are there, and nobody has enabled them"
test -f /usr/lib/systemd/system/mailfrom-watch.timer
if find /etc/systemd /usr/lib/systemd -path '*.wants/mailfrom*' | grep .; then exit 1; fi

say "it leaves"
apt-get purge -qq -y mailfrom >/dev/null
if test -e /usr/bin/mailfrom; then exit 1; fi
