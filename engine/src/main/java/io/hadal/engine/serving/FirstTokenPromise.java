package io.hadal.engine.serving;

import java.time.Duration;

/**
 * How soon the first token should come (platform specification, 2.9). A request that would miss it
 * for those in front of it is refused; one that has nothing in front of it is always served.
 *
 * @param seconds for a prompt without length
 * @param secondsPerThousand more for each thousand tokens of the prompt
 * @param part of the requests for which this should hold, such as 0.95
 */
public record FirstTokenPromise(double seconds, double secondsPerThousand, double part) {
  private static final double LEAST_SECONDS = 1e-3;

  public FirstTokenPromise {
    if (!(seconds >= 0 && secondsPerThousand >= 0 && seconds + secondsPerThousand > 0)) {
      throw new IllegalArgumentException("a promise is a positive time");
    }
    if (!(part > 0 && part <= 1)) {
      throw new IllegalArgumentException("a promise is for a part of the requests, to 1");
    }
  }

  /** What is left of it when some time has gone by. */
  public FirstTokenPromise behind(Duration passed) {
    return new FirstTokenPromise(
        Math.max(LEAST_SECONDS, seconds - passed.toNanos() / 1e9), secondsPerThousand, part);
  }

  /** Seconds for a prompt of so many tokens. */
  double seconds(int promptTokens) {
    return seconds + secondsPerThousand * promptTokens / 1000;
  }
}
