package io.hadal.platform.cluster;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a node computes for others.
 *
 * @param address where other nodes reach it, {@code http://HOST:PORT}
 * @param models names that its model answers to
 * @param version version of the model, as prices and records name it
 * @param context longest conversation in tokens
 * @param weight share of sessions among equals
 * @param region where it computes; null when unknown
 */
public record Engine(
    String address,
    List<String> models,
    String version,
    int context,
    int weight,
    @Nullable String region) {
  public Engine {
    models = List.copyOf(models);
  }
}
