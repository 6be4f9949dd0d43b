package io.hadal.server.routing;

import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.usage.Ending;
import io.hadal.platform.usage.Metered;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** A job at an upstream whose cost is not known yet. */
final class VideoJob {
  /** What is kept of a job's object; never its prompt. */
  private static final String[] KEPT = {
    "object", "status", "progress", "created_at", "completed_at", "model", "seconds", "size"
  };

  final String id;
  final String project;
  final Backend backend;
  final String upstreamId;
  final long created;
  private final Metered metered;
  private final @Nullable PriceSnapshot prices;
  private final long seconds;
  private ObjectNode seen = JsonNodeFactory.instance.objectNode();
  private long looked;
  private boolean over;

  VideoJob(
      String id,
      String project,
      Candidate candidate,
      String upstreamId,
      Metered metered,
      long seconds,
      long now) {
    this.id = id;
    this.project = project;
    this.backend = candidate.backend();
    this.upstreamId = upstreamId;
    this.metered = metered;
    this.prices = candidate.model().prices();
    this.seconds = seconds;
    this.created = now;
    this.looked = now;
  }

  /** Learns what the upstream says of the job; what it cost is durable when this returns. */
  synchronized void saw(JsonNode json, long now) {
    looked = now;
    ObjectNode kept = JsonNodeFactory.instance.objectNode().put("id", id);
    for (String name : KEPT) {
      JsonNode value = json.get(name);
      if (value != null && value.isValueNode()) {
        kept.set(name, value);
      }
    }
    seen = kept;
    switch (json.path("status").asString("")) {
      case "completed" -> end(Outcome.COMPLETED, true);
      case "failed", "cancelled" -> end(Outcome.UPSTREAM_ERROR, false);
      default -> {}
    }
  }

  /** Ends the record. */
  synchronized void end(Outcome outcome, boolean charged) {
    if (over) {
      return;
    }
    over = true;
    Quantities took = charged ? new Quantities(0, 0, 0, 0, 0, 0, seconds) : Quantities.NONE;
    Long cost = prices == null || !charged ? null : Long.valueOf(prices.cost(took));
    metered.end(new Ending(took, outcome, 200, false, 0, 0, 0, cost, upstreamId));
  }

  synchronized boolean over() {
    return over;
  }

  synchronized long looked() {
    return looked;
  }

  synchronized void looking(long now) {
    looked = now;
  }

  synchronized ObjectNode seen() {
    return seen.deepCopy();
  }
}
