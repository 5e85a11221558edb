// SPDX-License-Identifier: ISC
//
// walk: the vendor's own client walks a whole board, served by the stand-in,
// and every row is compared with the document that the board came from.
//
//	node walk.mjs CLIENT-DIR URL KEY UNDERLYING BOARD.json
//
// CLIENT-DIR holds node_modules with @massive.com/client-js.  Rows are
// compared as a set: the client hands out pages in reverse.  Status 1 and the
// differences on stderr when there are any.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [dir, url, key, underlying, file] = process.argv.slice(2);
const main = resolve(
	join(dir, "node_modules/@massive.com/client-js/dist/main.js"));
const { restClient } = await import(pathToFileURL(main));
const board = JSON.parse(readFileSync(file, "utf8"));
const client = restClient(key, url, { pagination: true });

const differences = [];
function same(what, got, wanted) {
	if (got !== wanted && !(got === undefined && wanted === null))
		differences.push(`${what}: ${got}, not ${wanted}`);
}

function compare(row, want) {
	const id = row.details.ticker;
	same(`${id} bid`, row.last_quote?.bid, want.bid);
	same(`${id} ask`, row.last_quote?.ask, want.ask);
	same(`${id} bid_size`, row.last_quote?.bid_size, want.bid_size);
	same(`${id} ask_size`, row.last_quote?.ask_size, want.ask_size);
	same(`${id} iv`, row.implied_volatility, want.iv);
	same(`${id} open_interest`, row.open_interest, want.open_interest);
	same(`${id} volume`, row.day.volume, want.volume);
	for (const greek of ["delta", "gamma", "theta", "vega"])
		same(`${id} ${greek}`, row.greeks[greek], want[greek]);
	if (want.last_trade_time !== null)
		same(`${id} last`, row.last_trade?.price, want.last_trade_price);
	same(`${id} strike`, row.details.strike_price,
		Number(want.option.slice(-8)) / 1000);
	same(`${id} spot`, row.underlying_asset.value ?? row.underlying_asset.price,
		board.data.current_price);
}

const wanted = new Map(board.data.options.map((o) => [`O:${o.option}`, o]));
const chain = await client.getOptionsChain(
	{ underlyingAsset: underlying, limit: 50 });
const seen = new Set();
for (const row of chain.results) {
	const id = row.details.ticker;
	if (seen.has(id))
		differences.push(`${id}: twice`);
	seen.add(id);
	if (wanted.has(id))
		compare(row, wanted.get(id));
	else
		differences.push(`${id}: not in the document`);
}
for (const id of wanted.keys())
	if (!seen.has(id))
		differences.push(`${id}: missing`);

const puts = await client.getOptionsChain({ underlyingAsset: underlying,
	contractType: "put", strikePriceGte: 5400, sort: "strike_price",
	order: "desc", limit: 7 });
same("puts from 5400", puts.results.length,
	board.data.options.filter((o) => /P\d{8}$/.test(o.option) &&
		Number(o.option.slice(-8)) >= 5400000).length);

const one = board.data.options[0];
const contract = await client.getOptionContract(
	{ underlyingAsset: underlying, optionContract: `O:${one.option}` });
compare(contract.results, one);

for (const text of differences.slice(0, 20))
	console.error(text);
console.log(`${seen.size} rows, ${differences.length} differences`);
process.exit(differences.length === 0 && seen.size > 0 ? 0 : 1);
