package io.hadal.platform.tenancy;

import java.util.List;

/**
 * What holds for the content of a project. A key or a request can only tighten it.
 *
 * @param storePrompts whether bodies may be kept
 * @param zdr zero data retention: nothing of a request outlives it
 * @param phi content is health information: only backends under a contract
 * @param retentionDays days that metadata of requests is kept; 0 for ever
 * @param cacheIsolation what shares prompt caches: {@code project}, {@code key} or {@code user}
 * @param regions regions a backend may be in; empty for all
 * @param redaction {@code off}, {@code detect}, {@code mask}, {@code pseudonymise} or {@code block}
 */
public record ProjectPolicy(
    boolean storePrompts,
    boolean zdr,
    boolean phi,
    int retentionDays,
    String cacheIsolation,
    List<String> regions,
    String redaction) {
  /** Nothing is kept, nothing is restricted. */
  public static final ProjectPolicy DEFAULT =
      new ProjectPolicy(false, false, false, 0, "project", List.of(), "off");

  public ProjectPolicy {
    regions = List.copyOf(regions);
  }
}
