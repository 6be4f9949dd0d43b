package io.hadal.engine.serving;

/**
 * A request of a simulation.
 *
 * @param seconds when it comes, from the start
 * @param prompt tokens of its prompt, at least 1
 * @param cached those of them that need not be computed; fewer than all
 * @param output tokens of its answer, at least 1
 */
public record SimulatedRequest(
    double seconds, PriorityClass priority, String tenant, int prompt, int cached, int output) {
  public SimulatedRequest {
    if (seconds < 0 || prompt < 1 || cached < 0 || cached >= prompt || output < 1) {
      throw new IllegalArgumentException(
          "no request: at %s s, prompt %d, cached %d, output %d"
              .formatted(seconds, prompt, cached, output));
    }
  }
}
