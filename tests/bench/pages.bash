# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# pages: a whole board as saved pages of Massive, 250 contracts each, to a
# visible epoch; against plain Python doing the same, from the same files.
# The pages are the stand-in's, of the biggest board.
# shellcheck disable=SC2154 # work, runs, contracts … are run's

ours_pages() {
	cat "$work"/page/*.json | chain-fetch --source massive --from - SPX |
		geom-hash | epoch-promote
}

plain_pages() {
	"$PYTHON" "$here/plain.py" "$sock" "$work"/page/*.json
}

parse_pages() {
	"$PYTHON" -c '
import json, sys
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        json.load(file)' "$work"/page/*.json
}

fetch_pages() {
	cat "$work"/page/*.json | chain-fetch --source massive --from - SPX
}

# $work/page/N.json, from a vendor that is gone afterwards.
save_pages() {
	local vendor port
	mkdir "$work/page"
	mkfifo "$work/port"
	"$build/standin" --ttl 120 --board "$work/big.json" </dev/null \
	    >"$work/port" 2>"$work/standin" &
	vendor=$!
	read -r _ port <"$work/port"
	"$PYTHON" - "$work/page" \
	    "http://127.0.0.1:$port/v3/snapshot/options/I:SPX?limit=250" <<-'END'
		import json, sys, urllib.request
		folder, url = sys.argv[1:]
		n = 0
		while url:
		    n += 1
		    request = urllib.request.Request(
		        url, headers={"Authorization": "Bearer made-up-key"})
		    body = urllib.request.urlopen(request).read()
		    with open(f"{folder}/{n:04d}.json", "wb") as file:
		        file.write(body)
		    url = json.loads(body).get("next_url")
	END
	kill "$vendor"
	wait "$vendor"
}

# Both must have written the same values.
check_same_pages() {
	local ours theirs
	empty
	ours_pages >/dev/null
	ours=$(epoch-inspect --digest --values SPX)
	empty
	plain_pages >/dev/null
	theirs=$(epoch-inspect --digest --values SPX)
	[[ -n $ours && $ours == "$theirs" ]] ||
		bench_die "pages: ours and plain.py wrote different values"
}

ask_pages() {
	local i n note
	if ! have_python; then
		skip 'pages, wall, python/ours' \
		    "no $PYTHON with redis-py (Debian: python3-redis)"
		return
	fi
	[[ -x $build/standin ]] || bench_die "no $build/standin: make built"
	save_pages
	check_same_pages
	n=$(find "$work/page" -name '*.json' | wc -l)
	note="$n pages, ${contracts[big]} contracts; same values digest"
	for ((i = 0; i < runs; i++)); do
		empty
		sample ours.pages ours_pages
		empty
		sample plain.pages plain_pages
		sample ours.fetch fetch_pages
		sample plain.parse parse_pages
	done
	compare 'pages, wall, python/ours' r/o ours.pages plain.pages 1 1 \
	    "goal 6, stretch 10; $note"
	compare 'pages, CPU, python/ours' r/o ours.pages plain.pages 2 1 \
	    'user + system of the processes'
	compare 'pages, CPU of chain-fetch, json.load/ours' r/o ours.fetch \
	    plain.parse 2 1 "Python only parses; ours reads, checks and writes"
	cost 'chain-fetch, saved pages' big 'goal 12k, stretch 8k' \
	    <(cat "$work"/page/*.json) chain-fetch --source massive --from - SPX
}
