package io.hadal.model;

/** Sees intermediates of the forward pass, for verification and explanation. */
@FunctionalInterface
public interface Probe {

  /**
   * One named value.
   *
   * @param layer trunk layer
   * @param name e.g. {@code attn_norm}, see docs/architecture.md
   * @param values {@code [rows, width]} row-major from index 0; valid during the call
   */
  void record(int layer, String name, float[] values, int rows, int width);
}
