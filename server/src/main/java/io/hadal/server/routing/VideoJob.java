package io.hadal.server.routing;

import io.hadal.platform.media.MediaJob;
import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.usage.Ending;
import io.hadal.platform.usage.Metered;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.Work;
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

  private static final int MOST_STATUS = 40;

  final String id;
  final String project;
  final Backend backend;
  final String upstreamId;
  final long created;
  private final Work work;
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
      Work work,
      Metered metered,
      long seconds,
      long now) {
    this.id = id;
    this.project = project;
    this.backend = candidate.backend();
    this.upstreamId = upstreamId;
    this.work = work;
    this.metered = metered;
    this.prices = candidate.model().prices();
    this.seconds = seconds;
    this.created = now;
    this.looked = now;
  }

  /** Learns what the upstream says of the job; what it cost is durable when this returns. */
  synchronized void saw(JsonNode json, long now) {
    looked = now;
    seen = kept(id, json);
    end(status(json));
  }

  /** What is kept of what an upstream says of a job. */
  static ObjectNode kept(String id, JsonNode json) {
    ObjectNode kept = JsonNodeFactory.instance.objectNode().put("id", id);
    for (String name : KEPT) {
      JsonNode value = json.get(name);
      if (value != null && value.isValueNode()) {
        kept.set(name, value);
      }
    }
    return kept;
  }

  static String status(JsonNode json) {
    String status = json.path("status").asString("");
    return status.length() > MOST_STATUS ? "" : status;
  }

  /** Ends the record when a job of this status is over. */
  synchronized void end(String status) {
    Ending ending = ending(status, seconds, upstreamCost(), upstreamId);
    if (ending != null && !over) {
      over = true;
      metered.end(ending);
    }
  }

  /**
   * How a job ended.
   *
   * @param upstreamCost what the upstream bills for a video, nano-USD; null when unknown
   * @return null for a status of jobs that go on
   */
  static @Nullable Ending ending(
      String status, long seconds, @Nullable Long upstreamCost, String upstreamId) {
    Outcome outcome =
        switch (status) {
          case "completed" -> Outcome.COMPLETED;
          // It is made or will be: the upstream bills it.
          case MediaJob.DELETED -> Outcome.CLIENT_LEFT;
          case "failed", "cancelled" -> Outcome.UPSTREAM_ERROR;
          default -> null;
        };
    if (outcome == null) {
      return null;
    }
    boolean made = outcome != Outcome.UPSTREAM_ERROR;
    return new Ending(
        made ? took(seconds) : Quantities.NONE,
        outcome,
        200,
        false,
        0,
        0,
        0,
        made ? upstreamCost : null,
        upstreamId);
  }

  static boolean over(MediaJob job) {
    return ending(job.status(), 0, null, "") != null;
  }

  /** Leaves it to whoever books it when it is done. */
  synchronized void leave() {
    if (!over) {
      over = true;
      metered.end(
          new Ending(Quantities.NONE, Outcome.DRAINED, 503, false, 0, 0, 0, null, upstreamId));
    }
  }

  /** What outlives this process. */
  synchronized MediaJob record(String owner) {
    return new MediaJob(
        id,
        backend.name(),
        upstreamId,
        work,
        seconds,
        upstreamCost(),
        owner,
        status(seen),
        seen.toString(),
        created);
  }

  static Quantities took(long seconds) {
    return new Quantities(0, 0, 0, 0, 0, 0, seconds);
  }

  private @Nullable Long upstreamCost() {
    return prices == null ? null : Long.valueOf(prices.cost(took(seconds)));
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
