package io.hadal.platform.usage;

/** How a request ended, which decides what it costs (platform specification, 2.5). */
public enum Outcome {
  COMPLETED(true),
  /** Cut at the longest answer it asked for. */
  LENGTH(true),
  /** The client left behind the prompt: what was computed counts. */
  CLIENT_LEFT(true),
  /** The client left while the request waited. */
  CLIENT_LEFT_QUEUED(false),
  /** The budget ended in the middle of the answer. */
  BUDGET_EXHAUSTED(true),
  /** Our mistake. */
  ERROR(false),
  /** The server went down in order. */
  DRAINED(false),
  /** The process died; settled when it came back. */
  CRASHED(false),
  /** An upstream failed before its first token. */
  UPSTREAM_ERROR(false),
  /** An upstream's stream broke off. */
  UPSTREAM_CUT(true),
  /** A copy of a request for comparison. */
  SHADOW(false);

  private final boolean charged;

  Outcome(boolean charged) {
    this.charged = charged;
  }

  /** Whether the customer pays for what was taken. */
  public boolean charged() {
    return charged;
  }
}
