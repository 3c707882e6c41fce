#!/usr/bin/env bash
# The systems that the program is meant for, each in a root of its own: built, tested, packaged on
# Debian 12, 13 and testing, and built and unit-tested for arm64. The roots are kept in build/matrix.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools/matrix
tools/matrix --arch arm64
