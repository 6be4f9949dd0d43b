package io.hadal.platform.registry;

import java.util.List;

/**
 * A name as lists of models show it.
 *
 * @param name alias or id of a version
 * @param version what answers to it; the baseline during a rollout
 * @param features what its last probes have shown, sorted; empty when it was never probed
 */
public record ModelCard(String name, ModelVersion version, List<String> features) {
  public ModelCard {
    features = List.copyOf(features);
  }
}
