// SPDX-License-Identifier: MIT
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** Kafka's number for a request to produce: behind the request's length, in its first two bytes. */
const produce = 0;

/**
 * Stands between a producer and its broker. Every second batch reaches the broker, whose answer is lost: the connection breaks
 * instead.
 */
export class LossyProxy {
  /** The broker's port. */
  target = 0;
  /** How many answers were lost. */
  lost = 0;
  #batches = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server = createServer((client) => this.#join(client));

  /** Its port. */
  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => resolve((this.#server.address() as AddressInfo).port));
    });
  }

  /** HOST:PORT */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(client: Socket): void {
    const broker = connect(this.target, "127.0.0.1");
    const end = () => {
      client.destroy();
      broker.destroy();
    };
    for (const socket of [client, broker]) {
      this.#sockets.add(socket);
      socket.setNoDelay().on("error", end).on("close", end);
    }
    let losing = false;
    client.on("data", (request) => {
      // A small request comes in one piece.
      if (request.readUInt16BE(4) === produce) losing = ++this.#batches % 2 === 0;
      broker.write(request);
    });
    broker.on("data", (answer) => {
      if (!losing) return void client.write(answer);
      this.lost++;
      end();
    });
  }
}
