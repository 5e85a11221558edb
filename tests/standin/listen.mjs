// SPDX-License-Identifier: ISC
//
// listen: the vendor's own client on the stand-in's WebSocket.
//
//	node listen.mjs CLIENT-DIR URL KEY PAIRS EVENTS
//
// Authenticates, subscribes PAIRS once it may, prints every status as "status
// message", unsubscribes after EVENTS events have come, prints how many and
// the first's symbol, and ends when that is acknowledged.
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [dir, url, key, pairs, wanted] = process.argv.slice(2);
const main = resolve(
	join(dir, "node_modules/@massive.com/client-js/dist/main.js"));
const { websocketClient } = await import(pathToFileURL(main));
const socket = websocketClient(key, url).options();
const events = [];
let acks = 0;

function say(action, params) {
	socket.send(JSON.stringify({ action, params }));
}

function take(event) {
	if (event.ev !== "status") {
		events.push(event);
		if (events.length === Number(wanted)) {
			console.log(`${events.length} events, ${events[0].sym}`);
			say("unsubscribe", pairs);
		}
		return;
	}
	console.log(`${event.status} ${event.message}`);
	if (event.status === "auth_success")
		say("subscribe", pairs);
	if (event.message.startsWith("unsubscribed to: ") &&
	    ++acks === pairs.split(",").length)
		process.exit(0);
}

socket.onmessage = (message) => JSON.parse(message.data ?? message.response)
	.forEach(take);
socket.onerror = (error) => {
	console.error(String(error));
	process.exit(1);
};
setTimeout(() => process.exit(2), 30000);
