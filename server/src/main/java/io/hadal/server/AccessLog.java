package io.hadal.server;

import io.hadal.chat.Usage;
import io.hadal.platform.tenancy.Identity;
import io.hadal.server.wire.Call;
import io.hadal.server.wire.ForeignWords;
import java.util.List;
import java.util.function.Consumer;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** A line of JSON for each request, without anything a client wrote but its path. */
final class AccessLog {
  /** Where clients name their requests; never taken as our own id. */
  private static final List<String> CLIENT_IDS = List.of("x-client-request-id", "x-request-id");

  private final Consumer<String> out;
  private volatile boolean on = true;

  AccessLog(Consumer<String> out) {
    this.out = out;
  }

  /** Writes lines from now on, or none. */
  void on(boolean write) {
    on = write;
  }

  void write(Call call) {
    if (!on) {
      return;
    }
    Usage usage = call.usage();
    ObjectNode line =
        JsonNodeFactory.instance
            .objectNode()
            .put("time", call.admitted().toString())
            .put("request_id", call.requestId())
            .put("peer", call.peer())
            .put("method", call.exchange().method())
            .put("operation", call.operation())
            .put("dialect", call.dialectName())
            .put("key", call.client().tenant())
            .put("outcome", call.outcome())
            .put("status", call.exchange().status())
            .put("stream", call.isStreamed())
            .put("seconds", call.age().toMillis() / 1e3)
            .put("input_tokens", usage.input())
            .put("cached_tokens", usage.cacheRead())
            .put("output_tokens", usage.output());
    Identity identity = call.meter().identity();
    if (identity != null) {
      line.put("project", identity.project()).put("key", identity.key());
    }
    String administrator = call.administrator();
    if (administrator != null) {
      line.put("principal", administrator).put("key", call.administratorKey());
    }
    // Only of models that answered: another name could be anything.
    if (call.answeredBy() != null) {
      line.put("model", call.answeredBy());
    }
    if (call.upstream() != null) {
      line.put("upstream", call.upstream());
    }
    for (String header : CLIENT_IDS) {
      String clientId = call.exchange().header(header);
      if (clientId != null && ForeignWords.isId(clientId)) {
        line.put("client_request_id", clientId);
        break;
      }
    }
    String retries = call.exchange().header("x-stainless-retry-count");
    if (retries != null && retries.matches("[0-9]{1,4}")) {
      line.put("retry", Integer.parseInt(retries));
    }
    out.accept(line.toString());
  }
}
