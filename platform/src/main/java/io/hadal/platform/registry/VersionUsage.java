package io.hadal.platform.registry;

import java.time.Instant;
import java.util.Collection;
import java.util.List;

/** Who uses which versions: for those who have to be told that a version ends. */
@FunctionalInterface
public interface VersionUsage {
  /** Uses of these versions since a moment, the busiest first. */
  List<Use> since(Collection<String> versions, Instant from);

  /** How much a project uses a version. */
  record Use(String version, String org, String project, long requests, Instant last) {}
}
