package io.hadal.platform.media;

import io.hadal.platform.usage.Work;
import org.jspecify.annotations.Nullable;

/**
 * A job at an upstream.
 *
 * @param id its id as clients know it
 * @param backend name of the upstream that has it
 * @param upstreamId its id there
 * @param work the attempt that began it
 * @param seconds what it is charged for, once it is completed
 * @param upstreamCost what the upstream bills then, nano-USD; null when unknown
 * @param owner run of the process that holds the money for it; empty when that has ended
 * @param status the upstream's word for how it is
 * @param seen what the upstream said of it last, as JSON without its prompt
 * @param createdAt milliseconds since 1970
 */
public record MediaJob(
    String id,
    String backend,
    String upstreamId,
    Work work,
    long seconds,
    @Nullable Long upstreamCost,
    String owner,
    String status,
    String seen,
    long createdAt) {
  /** A client has deleted it. */
  public static final String DELETED = "deleted";
}
