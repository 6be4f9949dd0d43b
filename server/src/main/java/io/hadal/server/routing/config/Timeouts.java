package io.hadal.server.routing.config;

import io.hadal.server.config.Section;
import java.time.Duration;

/**
 * How long an upstream may take.
 *
 * @param connect for a connection
 * @param firstToken until the first token of a stream
 * @param idle between two pieces of an answer, streamed or not
 * @param whole for an answer that is not streamed
 */
public record Timeouts(Duration connect, Duration firstToken, Duration idle, Duration whole) {
  public static final Timeouts DEFAULT =
      new Timeouts(
          Duration.ofSeconds(3),
          Duration.ofSeconds(60),
          Duration.ofSeconds(120),
          Duration.ofSeconds(600));

  static Timeouts read(Section section) {
    Timeouts times =
        new Timeouts(
            millis(section, "connect_millis", DEFAULT.connect),
            millis(section, "first_token_millis", DEFAULT.firstToken),
            millis(section, "idle_millis", DEFAULT.idle),
            millis(section, "whole_millis", DEFAULT.whole));
    section.requireKnown();
    return times;
  }

  private static Duration millis(Section section, String name, Duration fallback) {
    return Duration.ofMillis(section.number(name, 1, 86_400_000, fallback.toMillis()));
  }
}
