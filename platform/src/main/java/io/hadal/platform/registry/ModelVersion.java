package io.hadal.platform.registry;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A version of a model.
 *
 * @param id {@code family@date}
 * @param activatedAt since when it never changes; null for a draft
 * @param deprecatedAt since when it should not be used any more; null for not
 * @param retiresAt when it ends; null for never
 * @param successor what to use instead; null for nothing
 */
public record ModelVersion(
    String id,
    Manifest manifest,
    Lifecycle lifecycle,
    Instant createdAt,
    String createdBy,
    @Nullable Instant activatedAt,
    @Nullable Instant deprecatedAt,
    @Nullable Instant retiresAt,
    @Nullable String successor) {

  /** True when it answers at this moment. */
  public boolean answers(Instant now) {
    return (lifecycle == Lifecycle.ACTIVE || lifecycle == Lifecycle.DEPRECATED)
        && (retiresAt == null || now.isBefore(retiresAt));
  }
}
