// A consumer of the broadcaster: says what it is told on standard input, prints what it hears, a JSON array a line.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const [url, options, pause] = process.argv.slice(2);
const say = (...what) => console.log(JSON.stringify(what));
// A page that takes so many milliseconds to show an event, and can do nothing else meanwhile.
const dawdle = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(pause ?? 0));
const socket = io(url, { reconnectionDelay: 50, reconnectionDelayMax: 100, ...JSON.parse(options ?? "{}") });
socket.on("connect", () => say("connect", socket.io.engine.transport.name));
socket.on("connect_error", (error) => say("connect_error", error.message));
socket.on("disconnect", (reason) => say("disconnect", reason));
for (const name of ["event", "counts", "gap"]) socket.on(name, (...said) => (dawdle(), say(name, ...said)));

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [name, ...what] = JSON.parse(line);
    if (name === "silent") socket.emit(...what);
    else socket.emit(name, ...what, (...answer) => say("ack", ...answer));
  })
  .on("close", () => process.exit(0));
