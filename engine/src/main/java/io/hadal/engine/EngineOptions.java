package io.hadal.engine;

import io.hadal.model.config.NumericMode;

/**
 * How a model is run.
 *
 * @param mode numeric mode
 * @param packedCache true for FP8 rows and FP4 index keys in the caches; needs {@link
 *     NumericMode#OFFICIAL}, where they lose nothing. {@link NumericMode#FAST} goes by the model
 * @param threads workers of the forward pass
 * @param stepTokens most tokens one step takes
 * @param context longest timeline
 * @param cacheBytes budget of all caches; 0 for what the memory plan leaves
 * @param memoryBytes memory that may be used; 0 for what the machine has free
 * @param streaming true when weights may exceed memory and stay on disk
 * @param drafting true to keep the state of the model's drafter, where it has one
 * @param plainImageIds true to take the image token as an ordinary one, as reference runs do; else
 *     it needs an image
 * @param boundedReplay true to run the layers behind the encoder over the last window of a prompt
 *     only: faster, approximate (V4.1 spec 4.4); not with a drafter, which needs these layers
 * @param warmUp true to compile kernels and pack weights in the background from the start; see
 *     {@link WarmUp}
 */
public record EngineOptions(
    NumericMode mode,
    boolean packedCache,
    int threads,
    int stepTokens,
    int context,
    long cacheBytes,
    long memoryBytes,
    boolean streaming,
    boolean drafting,
    boolean plainImageIds,
    boolean boundedReplay,
    boolean warmUp) {

  public EngineOptions {
    if (threads < 1 || threads > 1024) {
      throw new IllegalArgumentException("threads must be 1..1024, not " + threads);
    }
    if (stepTokens < 1 || stepTokens > 1 << 16) {
      throw new IllegalArgumentException("step tokens must be 1..65536, not " + stepTokens);
    }
    if (context < 1) {
      throw new IllegalArgumentException("context must be positive, not " + context);
    }
    if (cacheBytes < 0 || memoryBytes < 0) {
      throw new IllegalArgumentException("memory sizes must not be negative");
    }
    if (boundedReplay && drafting) {
      throw new IllegalArgumentException(
          "bounded replay leaves out layers that the drafter needs; use one of the two");
    }
    if (packedCache && mode != NumericMode.OFFICIAL) {
      throw new IllegalArgumentException(
          "packed caches hold bf16 and FP8 values and need the numeric mode official");
    }
  }

  /** Exact arithmetic, all processors, a context of 4096 tokens, no warm-up. */
  public static EngineOptions defaults() {
    return new EngineOptions(
        NumericMode.EXACT,
        false,
        Runtime.getRuntime().availableProcessors(),
        256,
        4096,
        0,
        0,
        false,
        false,
        false,
        false,
        false);
  }

  /** Another numeric mode; official keeps its caches packed. */
  public EngineOptions withMode(NumericMode newMode) {
    return new EngineOptions(
        newMode,
        newMode == NumericMode.OFFICIAL,
        threads,
        stepTokens,
        context,
        cacheBytes,
        memoryBytes,
        streaming,
        drafting,
        plainImageIds,
        boundedReplay,
        warmUp);
  }

  public EngineOptions withPackedCache(boolean packed) {
    return new EngineOptions(
        mode,
        packed,
        threads,
        stepTokens,
        context,
        cacheBytes,
        memoryBytes,
        streaming,
        drafting,
        plainImageIds,
        boundedReplay,
        warmUp);
  }

  public EngineOptions withThreads(int count) {
    return new EngineOptions(
        mode,
        packedCache,
        count,
        stepTokens,
        context,
        cacheBytes,
        memoryBytes,
        streaming,
        drafting,
        plainImageIds,
        boundedReplay,
        warmUp);
  }

  public EngineOptions withStepTokens(int count) {
    return new EngineOptions(
        mode,
        packedCache,
        threads,
        count,
        context,
        cacheBytes,
        memoryBytes,
        streaming,
        drafting,
        plainImageIds,
        boundedReplay,
        warmUp);
  }

  public EngineOptions withContext(int tokens) {
    return new EngineOptions(
        mode,
        packedCache,
        threads,
        stepTokens,
        tokens,
        cacheBytes,
        memoryBytes,
        streaming,
        drafting,
        plainImageIds,
        boundedReplay,
        warmUp);
  }

  public EngineOptions withCacheBytes(long bytes) {
    return new EngineOptions(
        mode,
        packedCache,
        threads,
        stepTokens,
        context,
        bytes,
        memoryBytes,
        streaming,
        drafting,
        plainImageIds,
        boundedReplay,
        warmUp);
  }

  public EngineOptions withMemory(long bytes, boolean stream) {
    return new EngineOptions(
        mode,
        packedCache,
        threads,
        stepTokens,
        context,
        cacheBytes,
        bytes,
        stream,
        drafting,
        plainImageIds,
        boundedReplay,
        warmUp);
  }

  public EngineOptions withDrafting(boolean on) {
    return new EngineOptions(
        mode,
        packedCache,
        threads,
        stepTokens,
        context,
        cacheBytes,
        memoryBytes,
        streaming,
        on,
        plainImageIds,
        boundedReplay,
        warmUp);
  }

  public EngineOptions withPlainImageIds(boolean on) {
    return new EngineOptions(
        mode,
        packedCache,
        threads,
        stepTokens,
        context,
        cacheBytes,
        memoryBytes,
        streaming,
        drafting,
        on,
        boundedReplay,
        warmUp);
  }

  public EngineOptions withBoundedReplay(boolean on) {
    return new EngineOptions(
        mode,
        packedCache,
        threads,
        stepTokens,
        context,
        cacheBytes,
        memoryBytes,
        streaming,
        drafting,
        plainImageIds,
        on,
        warmUp);
  }

  public EngineOptions withWarmUp(boolean on) {
    return new EngineOptions(
        mode,
        packedCache,
        threads,
        stepTokens,
        context,
        cacheBytes,
        memoryBytes,
        streaming,
        drafting,
        plainImageIds,
        boundedReplay,
        on);
  }
}
