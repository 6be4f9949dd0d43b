package io.hadal.platform.alert;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * An alert on its way to one recipient.
 *
 * @param rule name of its kind; a newer version may have more of them
 * @param channel name of the way
 * @param recipient address of e-mail; empty for a webhook
 * @param payload JSON text
 * @param attempts how often it was tried
 * @param problem why the last attempt failed; null when none did
 * @param createdAt milliseconds since 1970
 * @param nextAt when it is tried next, milliseconds since 1970
 * @param endedAt when it arrived or was given up; null while it waits
 */
public record AlertDelivery(
    String id,
    String alert,
    String rule,
    String channel,
    String recipient,
    String subject,
    String body,
    String payload,
    State state,
    int attempts,
    @Nullable String problem,
    long createdAt,
    long nextAt,
    @Nullable Long endedAt) {
  /** How far it is. */
  public enum State {
    WAITING,
    DELIVERED,
    FAILED;

    /** The name as the database and JSON have it. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
