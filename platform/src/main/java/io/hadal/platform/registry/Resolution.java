package io.hadal.platform.registry;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What answers to a name.
 *
 * @param alias the name as it was asked for
 * @param version version that answers
 * @param backends names of what runs it, {@code local} for this process, in the operator's order
 * @param upstreamModel the model's name at the backends
 * @param deprecatedAt since when it should not be used any more; null for not
 * @param retiresAt when it ends; null for never
 * @param successor what to use instead; null for nothing
 * @param rollout id of the rollout that chose the version; null for none
 */
public record Resolution(
    String alias,
    String version,
    List<String> backends,
    String upstreamModel,
    @Nullable Instant deprecatedAt,
    @Nullable Instant retiresAt,
    @Nullable String successor,
    @Nullable String rollout) {}
