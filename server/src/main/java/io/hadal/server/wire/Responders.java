package io.hadal.server.wire;

import tools.jackson.databind.node.ObjectNode;

/** Sends whole answers. */
final class Responders {
  private Responders() {}

  static void json(Call call, int status, ObjectNode json) {
    call.exchange().setHeader("openai-processing-ms", Long.toString(call.age().toMillis()));
    call.exchange().send(status, "application/json", WireJson.bytes(json));
  }
}
