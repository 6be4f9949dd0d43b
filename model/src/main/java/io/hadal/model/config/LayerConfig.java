package io.hadal.model.config;

/**
 * One layer.
 *
 * @param index place in the trunk, or in the drafter
 * @param compressor how this layer pools older context; {@code NONE} when it reads another layer's
 *     entries, or none
 * @param ratio tokens an entry it attends to stands for; 0 for a window-only layer
 * @param kvSource layer whose compressed entries it attends to; -1 for none
 * @param indexSource layer whose indexer chooses the entries; -1 to attend to all of them
 * @param rope rotation of everything in the layer
 * @param moe experts
 * @param hashRouted true when the token id, not the router, chooses the experts
 * @param routedLimit SwiGLU clamp of routed experts, +inf for none
 * @param sharedLimit SwiGLU clamp of shared experts
 * @param convolvedPast positions of gated n-gram values that a convolution before the layer looks
 *     back on; 0 without
 */
public record LayerConfig(
    int index,
    Compression compressor,
    int ratio,
    int kvSource,
    int indexSource,
    RopeConfig rope,
    MoeConfig moe,
    boolean hashRouted,
    float routedLimit,
    float sharedLimit,
    int convolvedPast) {

  /** Kind of pooling. */
  public enum Compression {
    /** No entries of its own. */
    NONE,
    /** Entry = the group and the group before it, one half of the channels each (V4 ratio 4). */
    OVERLAPPED,
    /** Entry = its own group. */
    DISJOINT
  }

  /** The layer with experts by token id. */
  LayerConfig hashed() {
    return new LayerConfig(
        index,
        compressor,
        ratio,
        kvSource,
        indexSource,
        rope,
        moe,
        true,
        routedLimit,
        sharedLimit,
        convolvedPast);
  }

  /** The layer behind a convolution that looks back. */
  LayerConfig convolved(int past) {
    return new LayerConfig(
        index,
        compressor,
        ratio,
        kvSource,
        indexSource,
        rope,
        moe,
        hashRouted,
        routedLimit,
        sharedLimit,
        past);
  }

  /** True when the layer makes compressed entries. */
  public boolean compresses() {
    return compressor != Compression.NONE;
  }

  /** True when a query attends to an indexer's choice of entries. */
  public boolean indexed() {
    return indexSource >= 0;
  }

  /** True when the layer runs an indexer of its own. */
  public boolean selects() {
    return indexed() && indexSource == index;
  }

  /** True when the layer makes index keys beside its entries. */
  public boolean makesIndexKeys() {
    return compresses() && indexed();
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
    if (ratio == 0) {
      return "window";
    }
    if (compresses()) {
      return (indexed() ? compressor == Compression.OVERLAPPED ? "csa/" : "full/" : "hca/") + ratio;
    }
    return (selects() ? "reindex/" : "reuse/") + ratio;
  }
}
