# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# gex: model-gex on the biggest board, against plain Python: a build of
# everything; 100 changed contracts; how long a tick waits until the model has
# published it, at 1,000 ticks/s; by either source of gamma that is not ours.
# shellcheck disable=SC2154 # here, follow_… are run's and follow's

# shellcheck source=/dev/null
. "$here/follow.bash"

ask_gex() {
	local source
	follow_board
	have_python && follow_python=1 || follow_python=0
	((!follow_python)) || {
		follow_agree gex
		follow_agree gex --gamma live
	}
	follow_full gex 'goal 100 ms, stretch 60 ms'
	for source in vendor live; do
		follow_ask "model-gex --gamma $source" "gex-$source" increment \
		    gex --gamma $source
		follow_ask "model-gex --gamma $source" "gex-$source" tick \
		    gex --gamma $source
	done
	memory model-gex /dev/null model-gex --print SPX
}
