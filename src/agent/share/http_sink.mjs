// SPDX-License-Identifier: MIT
// A sink of your own: posts each batch as JSON lines. In the config: ./http_sink.mjs#HttpSink: { url: "http://…" }
import { documentOf } from "scxkit";

export class HttpSink {
  /** JSON Schema of the options, checked before the sink is made; without it anything may be given. */
  static options = {
    type: "object",
    additionalProperties: false,
    properties: { url: { type: "string", pattern: "^https?://", description: "where to post" } },
    required: ["url"],
  };

  #url;

  constructor({ url }) {
    this.#url = url;
  }

  /** Resolves when the records are delivered; what it throws makes the agent try the same ones again. */
  async write(records, signal) {
    const body = records.map((record) => `${documentOf(record)}\n`).join("");
    const answer = await fetch(this.#url, { method: "POST", body, signal });
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  }
}
