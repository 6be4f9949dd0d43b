package io.hadal.platform.probe;

import io.hadal.platform.Ids;
import io.hadal.platform.alert.Alert;
import io.hadal.platform.alert.AlertRule;
import java.time.Instant;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * A backend that serves a version worse than before, or than others do.
 *
 * @param detail why, for people; nothing of prompts or answers
 */
public record QualityAlert(String version, String backend, String detail) {
  /** What it is about, among alerts of its kind. */
  public String subject() {
    return subject(version, backend);
  }

  /** What alerts of a backend and version are about. */
  public static String subject(String version, String backend) {
    return version + " " + backend;
  }

  /**
   * What is told of it.
   *
   * @param now when it was noticed
   */
  public Alert alert(Instant now) {
    String id = Ids.next("alert_");
    return new Alert(
        AlertRule.QUALITY,
        id,
        "Hadal: " + backend + " serves " + version + " worse",
        """
        The backend %s serves the model version %s worse than before or than others do.

        Why:     %s
        Noticed: %s

        It goes on to get requests. Take it out of the route, or start a rollout, if that is not
        what you want. This is told again when it was well in between.
        """
            .formatted(Alert.line(backend), Alert.line(version), detail, now),
        JsonNodeFactory.instance
            .objectNode()
            .put("type", "quality_alert")
            .put("id", id)
            .put("version", version)
            .put("backend", backend)
            .put("detail", detail)
            .put("raised_at", now.toString()));
  }
}
