package io.hadal.platform.mail;

import io.hadal.platform.db.Database;
import io.hadal.platform.registry.Lifecycle;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.registry.VersionUsage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * Says 90, 30 and 7 days before a version ends that it does, and which projects still use it; once
 * each. To be called every day.
 */
public final class DeprecationNotices {
  /** Days before the end, the last one first. */
  private static final int[] DAYS = {7, 30, 90};

  private static final Duration RECENT = Duration.ofDays(30);

  /** Most projects that a mail names. */
  private static final int MOST_PROJECTS = 50;

  private final Database database;
  private final Supplier<List<ModelVersion>> versions;
  private final VersionUsage usage;
  private final BiConsumer<String, String> send;
  private final Clock clock;

  /**
   * Notices.
   *
   * @param versions all versions
   * @param send takes subject and text of a mail
   */
  public DeprecationNotices(
      Database database,
      Supplier<List<ModelVersion>> versions,
      VersionUsage usage,
      BiConsumer<String, String> send,
      Clock clock) {
    this.database = database;
    this.versions = versions;
    this.usage = usage;
    this.send = send;
    this.clock = clock;
  }

  /** Says what is due. */
  public void run() {
    Instant now = clock.instant();
    for (ModelVersion version : versions.get()) {
      Instant end = version.retiresAt();
      if (version.lifecycle() != Lifecycle.DEPRECATED || end == null || !end.isAfter(now)) {
        continue;
      }
      for (int days : DAYS) {
        if (!end.isAfter(now.plus(Duration.ofDays(days)))) {
          if (first(version.id() + " " + end, days, now)) {
            tell(version, end, now);
          }
          break;
        }
      }
    }
  }

  private boolean first(String object, int days, Instant now) {
    return database.<Integer>write(
            h ->
                h.execute(
                    "INSERT INTO sent_notice (kind, object, step, sent_at)"
                        + " VALUES ('deprecation', ?, ?, ?) ON CONFLICT DO NOTHING",
                    object,
                    Integer.toString(days),
                    now.toEpochMilli()))
        == 1;
  }

  private void tell(ModelVersion version, Instant end, Instant now) {
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
    for (VersionUsage.Use use : uses.subList(0, Math.min(uses.size(), MOST_PROJECTS))) {
      text.append(
          "- %s of %s: %d requests, the last at %s\n"
              .formatted(use.project(), use.org(), use.requests(), use.last()));
    }
    if (uses.size() > MOST_PROJECTS) {
      text.append("and ").append(uses.size() - MOST_PROJECTS).append(" more\n");
    }
    long days = Math.ceilDiv(Duration.between(now, end).toHours(), 24L);
    send.accept("Model " + version.id() + " ends in " + days + " days", text.toString());
  }
}
