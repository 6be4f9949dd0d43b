package io.hadal.platform.registry;

import io.hadal.platform.Ids;
import io.hadal.platform.alert.Alert;
import io.hadal.platform.alert.AlertRule;
import io.hadal.platform.alert.Alerts;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Tells 90, 30 and 7 days before a version ends that it does, and which projects still use it
 * (platform specification, 2.7); once each. To be called every day.
 */
public final class DeprecationNotices {
  /** Days before the end, the last one first. */
  private static final int[] DAYS = {7, 30, 90};

  private static final Duration RECENT = Duration.ofDays(30);

  /** Most projects that are named. */
  private static final int MOST_PROJECTS = 50;

  private final Supplier<List<ModelVersion>> versions;
  private final VersionUsage usage;
  private final Alerts alerts;
  private final Clock clock;

  /**
   * Notices.
   *
   * @param versions all versions
   */
  public DeprecationNotices(
      Supplier<List<ModelVersion>> versions, VersionUsage usage, Alerts alerts, Clock clock) {
    this.versions = versions;
    this.usage = usage;
    this.alerts = alerts;
    this.clock = clock;
  }

  /** Tells what is due. */
  public void run() {
    Instant now = clock.instant();
    for (ModelVersion version : versions.get()) {
      Instant end = version.retiresAt();
      if (version.lifecycle() != Lifecycle.DEPRECATED || end == null || !end.isAfter(now)) {
        continue;
      }
      for (int days : DAYS) {
        if (!end.isAfter(now.plus(Duration.ofDays(days)))) {
          alerts.once(notice(version, end, now), version.id() + " " + end + " " + days);
          break;
        }
      }
    }
  }

  private Alert notice(ModelVersion version, Instant end, Instant now) {
    long days = Math.ceilDiv(Duration.between(now, end).toHours(), 24L);
    String id = Ids.next("alert_");
    StringBuilder text = new StringBuilder();
    text.append("The model version ").append(version.id()).append(" ends at ").append(end);
    text.append(". After that, requests for it are refused.\n");
    if (version.successor() != null) {
      text.append("Its successor is ").append(version.successor()).append(".\n");
    }
    List<VersionUsage.Use> uses = usage.since(List.of(version.id()), now.minus(RECENT));
    text.append(
        uses.isEmpty()
            ? "\nNobody has used it in the last 30 days.\n"
            : "\nProjects that have used it in the last 30 days:\n");
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("type", "deprecation_alert")
            .put("id", id)
            .put("version", version.id())
            .put("retires_at", end.toString())
            .put("days", days)
            .put("successor", version.successor());
    ArrayNode projects = json.putArray("projects");
    for (VersionUsage.Use use : uses.subList(0, Math.min(uses.size(), MOST_PROJECTS))) {
      text.append(
          "- %s of %s: %d requests, the last at %s\n"
              .formatted(use.project(), use.org(), use.requests(), use.last()));
      projects.add(use.project());
    }
    if (uses.size() > MOST_PROJECTS) {
      text.append("and ").append(uses.size() - MOST_PROJECTS).append(" more\n");
    }
    json.put("raised_at", now.toString());
    return new Alert(
        AlertRule.DEPRECATION,
        id,
        "Hadal: model " + version.id() + " ends in " + days + (days == 1 ? " day" : " days"),
        text.toString(),
        json);
  }
}
