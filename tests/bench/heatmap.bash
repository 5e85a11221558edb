# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# heatmap: model-heatmap on the biggest board, against plain Python: a build of
# everything; 100 changed contracts, all of them in its dates or anywhere; how
# long a tick waits until it is published, at 1,000 ticks/s, anywhere and all
# of them in its dates.
# shellcheck disable=SC2154 # work, follow_… are run's and follow's

# shellcheck source=/dev/null
. "$here/follow.bash"

# From now on ticks are of its own dates, as its sheets say.
heatmap_near() {
	model-heatmap --print SPX |
		sed -n 's/.*"expiration":"20\([0-9-]*\)".*"root":"\([A-Z]*\)".*/O:\2\1/p' |
		tr -d - | sort -u >"$work/dates"
	grep -F -f "$work/dates" "$work/ids" >"$work/near" ||
		bench_die "no contract of the heatmap's dates"
	mv "$work/near" "$work/ids"
}

ask_heatmap() {
	follow_board
	have_python && follow_python=1 || follow_python=0
	((!follow_python)) || follow_agree heatmap
	follow_full heatmap 'goal 100 ms'
	follow_ask 'model-heatmap, anywhere' heatmap-all increment heatmap
	follow_ask 'model-heatmap, anywhere' heatmap-all tick heatmap
	heatmap_near
	follow_ask 'model-heatmap, in its dates' heatmap-near increment heatmap
	follow_ask 'model-heatmap, in its dates' heatmap-near tick heatmap
	memory model-heatmap /dev/null model-heatmap --print SPX
}
