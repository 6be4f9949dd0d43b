package io.hadal.platform.cluster;

/**
 * How busy a node is.
 *
 * @param running requests that it computes
 * @param waiting requests in its queue
 * @param draining whether it takes no more
 */
public record Load(int running, int waiting, boolean draining) {
  /** Nothing to do. */
  public static final Load IDLE = new Load(0, 0, false);
}
