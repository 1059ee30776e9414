/** Jupyter messages over ZeroMQ: the connection file, signed frames, sockets. */
export { address, parseConnection, readConnection, type Channel, type Connection } from "./connection";
export { Codec, PROTOCOL, type Body, type Decoded, type Extras, type Header, type Message } from "./message";
export { openSockets, type Sockets } from "./sockets";
export { Sender } from "./sender";
