package io.hadal.model.weights;

import io.hadal.model.engram.CanonicalMap;
import io.hadal.model.engram.CodeVocabulary;
import io.hadal.model.engram.EngramCounters;
import io.hadal.model.engram.ReadPool;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The n-gram memory of a model.
 *
 * @param map raw token ids to canonical ids
 * @param vocabulary what the structural channels need; null without
 * @param layers by trunk layer
 * @param pool reads rows from disk; null when the tables are mapped
 */
public record EngramMemory(
    CanonicalMap map,
    @Nullable CodeVocabulary vocabulary,
    Map<Integer, EngramLayer> layers,
    @Nullable ReadPool pool)
    implements AutoCloseable {
  public EngramMemory {
    layers = Map.copyOf(layers);
  }

  /** Lookups in all tables so far. */
  public EngramCounters counters() {
    return layers.values().stream()
        .map(layer -> layer.table().counters())
        .reduce(EngramCounters.NONE, EngramCounters::plus);
  }

  @Override
  public void close() {
    layers.values().forEach(layer -> layer.table().close());
    if (pool != null) {
      pool.close();
    }
  }
}
