package io.hadal.engine.serving;

import java.time.Duration;

/** Classes of requests; among waiting ones, work is shared by weight. */
public enum PriorityClass {
  /** Completions while somebody types. */
  FIM(16, Duration.ofSeconds(2)),
  /** A person waits for the answer. */
  INTERACTIVE(8, Duration.ofSeconds(60)),
  /** A program waits for the answer. */
  AGENT(4, Duration.ofSeconds(120)),
  /** Nobody waits. */
  BATCH(1, Duration.ofMinutes(60)),
  /** Copies of other requests, for comparisons. */
  SHADOW(0.25, Duration.ofMinutes(10));

  private final double weight;
  private final Duration longestWait;

  PriorityClass(double weight, Duration longestWait) {
    this.weight = weight;
    this.longestWait = longestWait;
  }

  /** Share of work relative to that of the other classes. */
  public double weight() {
    return weight;
  }

  /** Time in the queue after which a request is refused or given up. */
  public Duration longestWait() {
    return longestWait;
  }
}
