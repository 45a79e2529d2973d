#!/bin/sh
# Renders the icons from icon.svg (needs rsvg-convert: librsvg2-bin).
set -eu
cd "$(dirname "$0")"
render() { rsvg-convert --width "$1" --height "$1" icon.svg --output "$2"; }
render 32 32x32.png
render 64 64x64.png
render 128 128x128.png
render 256 128x128@2x.png
render 512 icon.png
