#!/usr/bin/env bash
# How much of the tree the tests reach, room by room; fails below what tools/coverage asks for.
exec "$(dirname "$0")/../../tools/coverage"
