package io.hadal.model.config;

/**
 * One layer.
 *
 * @param compressor how older context is pooled
 * @param ratio tokens a compressed entry stands for; 0 without a compressor
 * @param indexed true when a query attends to the indexer's choice of entries, false for all of
 *     them
 * @param rope rotation of everything in the layer
 * @param hashRouted true when the token id, not the router, chooses the experts
 * @param routedLimit SwiGLU clamp of routed experts, +inf for none
 * @param sharedLimit SwiGLU clamp of shared experts
 */
public record LayerConfig(
    Compression compressor,
    int ratio,
    boolean indexed,
    RopeConfig rope,
    boolean hashRouted,
    float routedLimit,
    float sharedLimit) {

  /** Kind of pooling. */
  public enum Compression {
    /** Sliding window only. */
    NONE,
    /** Entry = the group and the group before it, one half of the channels each (V4 ratio 4). */
    OVERLAPPED,
    /** Entry = its own group. */
    DISJOINT
  }

  /** Rows of channels the compressor projects per entry channel. */
  public int compressorHalves() {
    return compressor == Compression.OVERLAPPED ? 2 : 1;
  }

  /** Compressed entries that a query at {@code position} may see. */
  public int visibleEntries(int position) {
    return ratio == 0 ? 0 : (position + 1) / ratio;
  }

  /** Short name for reports. */
  public String kind() {
    return switch (compressor) {
      case NONE -> "window";
      case OVERLAPPED -> indexed ? "csa/" + ratio : "overlapped/" + ratio;
      case DISJOINT -> indexed ? "indexed/" + ratio : "hca/" + ratio;
    };
  }
}
