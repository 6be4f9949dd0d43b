package io.hadal.platform.registry;

import io.hadal.platform.registry.AliasChange.Kind;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Versions, names and running rollouts of one moment.
 *
 * @param aliases current meaning of names by organisation, those of everybody under ""
 * @param splits running rollouts by id
 * @param baselines the version below each rollout, running or not
 * @param promises what versions promise about their speed, of those that do
 * @param features what the last probes of a version have passed
 */
record Catalogue(
    long loadedAt,
    Map<String, ModelVersion> versions,
    Map<String, Map<String, AliasChange>> aliases,
    Map<String, Split> splits,
    Map<String, String> baselines,
    Map<String, Slo> promises,
    Map<String, List<String>> features) {

  static Catalogue load(Handle handle, long now) {
    Map<String, ModelVersion> versions = new TreeMap<>();
    handle
        .createQuery("SELECT * FROM model_version")
        .map((rs, c) -> Rows.version(rs))
        .forEach(v -> versions.put(v.id(), v));
    Map<String, Slo> promises = new TreeMap<>();
    for (ModelVersion version : versions.values()) {
      Slo slo = version.manifest().slo();
      if (slo != null) {
        promises.put(version.id(), slo);
      }
    }
    Map<String, Map<String, AliasChange>> aliases = new TreeMap<>();
    Rows.currentAliases(handle)
        .forEach(a -> aliases.computeIfAbsent(a.org(), o -> new TreeMap<>()).put(a.name(), a));
    Map<String, Split> splits = new TreeMap<>();
    Map<String, String> baselines = new TreeMap<>();
    handle
        .createQuery("SELECT * FROM rollout")
        .map(
            (rs, c) ->
                Map.entry(
                    rs.getString("state"),
                    new Split(
                        rs.getString("id"),
                        rs.getString("baseline"),
                        rs.getString("candidate"),
                        rs.getString("mode").equals("shadow"),
                        rs.getInt("percent"),
                        Split.Stickiness.of(rs.getString("stickiness")))))
        .forEach(
            row -> {
              Split split = row.getValue();
              baselines.put(split.rollout(), split.baseline());
              if (row.getKey().equals("running")) {
                splits.put(split.rollout(), split);
              }
            });
    return new Catalogue(
        now, versions, aliases, splits, baselines, promises, ProbeStore.passedFeatures(handle));
  }

  /** What a name points to: the organisation's own meaning first; null for nothing. */
  @Nullable AliasChange alias(String org, String name) {
    AliasChange own = aliases.getOrDefault(org, Map.of()).get(name);
    if (own == null || own.kind() == Kind.NONE) {
      own = aliases.getOrDefault("", Map.of()).get(name);
    }
    return own == null || own.kind() == Kind.NONE ? null : own;
  }
}
