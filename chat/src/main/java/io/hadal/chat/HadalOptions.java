package io.hadal.chat;

import io.hadal.engine.EngineOptions;
import io.hadal.engine.serving.DispatcherOptions;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.model.config.NumericMode;
import io.hadal.model.packed.PackedChoice;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** How {@link Hadal#load} opens a model. Nothing needs to be set. */
public final class HadalOptions {
  private EngineOptions engine =
      EngineOptions.defaults().withMode(NumericMode.FAST).withDrafting(true);
  private DispatcherOptions dispatcher = DispatcherOptions.defaults();
  private int context;
  private long engramCache;
  private PackedChoice packed = PackedChoice.AUTO;
  private @Nullable Tokenizer tokenizer;
  private @Nullable String name;
  private @Nullable String displayName;
  private Set<String> aliases = Set.of();
  private @Nullable String dialect;
  private @Nullable Boolean thinking;

  /**
   * Longest conversation in tokens. Default: the model's own, at most {@value
   * Hadal#DEFAULT_CONTEXT}.
   *
   * @throws IllegalArgumentException unless positive
   */
  public HadalOptions context(int tokens) {
    if (tokens < 1) {
      throw new IllegalArgumentException("context must be positive, not " + tokens);
    }
    context = tokens;
    return this;
  }

  /** Workers of the forward pass. Default: all processors. */
  public HadalOptions threads(int count) {
    engine = engine.withThreads(count);
    return this;
  }

  /** Numeric mode. Default: fast. */
  public HadalOptions mode(NumericMode value) {
    engine = engine.withMode(value);
    return this;
  }

  /**
   * Memory that may be used.
   *
   * @param bytes 0 for what the machine has free
   * @param streaming true to leave weights on disk when they exceed it
   */
  public HadalOptions memory(long bytes, boolean streaming) {
    engine = engine.withMemory(bytes, streaming);
    return this;
  }

  /** Memory for states of earlier prompts, 0 for none. Default: 256 MiB. */
  public HadalOptions prefixMemory(long bytes) {
    dispatcher = dispatcher.withPrefixMemory(bytes, dispatcher.prefixInterval());
    return this;
  }

  /** Memory for rows of n-gram tables that stay on disk; 0, the default, maps the tables. */
  public HadalOptions engramCache(long bytes) {
    engramCache = bytes;
    return this;
  }

  /** Where mode fast takes packed weights from. Default: {@link PackedChoice#AUTO}. */
  public HadalOptions packed(PackedChoice choice) {
    packed = choice;
    return this;
  }

  /** Other options of the engine, made of those so far; {@link #context(int)} sets the context. */
  public HadalOptions engine(UnaryOperator<EngineOptions> change) {
    engine = change.apply(engine);
    return this;
  }

  /** Other options of the dispatcher, made of those so far. */
  public HadalOptions dispatcher(UnaryOperator<DispatcherOptions> change) {
    dispatcher = change.apply(dispatcher);
    return this;
  }

  /** A tokenizer in place of the model's. */
  public HadalOptions tokenizer(@Nullable Tokenizer value) {
    tokenizer = value;
    return this;
  }

  /** Name of the model. Default: that of its file or folder. */
  public HadalOptions name(@Nullable String value) {
    name = value;
    return this;
  }

  /** Name for people. Default: the name. */
  public HadalOptions displayName(@Nullable String value) {
    displayName = value;
    return this;
  }

  /** Other names for the model. */
  public HadalOptions aliases(Set<String> value) {
    aliases = Set.copyOf(value);
    return this;
  }

  /** Name of the prompt format. Default: that of the model's family. */
  public HadalOptions dialect(@Nullable String value) {
    dialect = value;
    return this;
  }

  /** Whether the model reasons when a request does not say. Default: as its family does. */
  public HadalOptions thinking(@Nullable Boolean value) {
    thinking = value;
    return this;
  }

  EngineOptions engine(int modelContext) {
    return engine.withContext(
        context > 0 ? context : Math.min(Hadal.DEFAULT_CONTEXT, modelContext));
  }

  DispatcherOptions dispatcher() {
    return dispatcher;
  }

  long engramCache() {
    return engramCache;
  }

  PackedChoice packed() {
    return packed;
  }

  @Nullable Tokenizer tokenizer() {
    return tokenizer;
  }

  @Nullable String name() {
    return name;
  }

  @Nullable String displayName() {
    return displayName;
  }

  Set<String> aliases() {
    return aliases;
  }

  @Nullable String dialect() {
    return dialect;
  }

  @Nullable Boolean thinking() {
    return thinking;
  }
}
