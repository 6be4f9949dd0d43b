package io.hadal.engine.serving;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How requests are served.
 *
 * @param maxRunning most sequences in a step
 * @param maxWaiting most requests in the queue
 * @param maxWaitingPerTenant most of one tenant
 * @param tokenTarget longest time a step should take while answers are running; long prompts are
 *     cut into chunks accordingly
 * @param prefixMemoryBytes memory for retained prefixes, a part of the engine's cache budget; 0 for
 *     none
 * @param prefixInterval tokens between two retained states of a long prompt
 * @param prefixFolder folder of prefixes that survive a restart; null for none
 * @param prefixDiskBytes most bytes of that folder
 * @param speculation true to guess tokens ahead where that pays; the tokens stay the same
 */
public record DispatcherOptions(
    int maxRunning,
    int maxWaiting,
    int maxWaitingPerTenant,
    Duration tokenTarget,
    long prefixMemoryBytes,
    int prefixInterval,
    @Nullable Path prefixFolder,
    long prefixDiskBytes,
    boolean speculation) {

  public DispatcherOptions {
    if (maxRunning < 1 || maxWaiting < 0 || maxWaitingPerTenant < 0) {
      throw new IllegalArgumentException("limits of requests must be positive");
    }
    if (tokenTarget.isNegative() || tokenTarget.isZero()) {
      throw new IllegalArgumentException("the token target must be a positive time");
    }
    if (prefixMemoryBytes < 0 || prefixDiskBytes < 0) {
      throw new IllegalArgumentException("sizes of the prefix cache must not be negative");
    }
    if ((prefixFolder == null) != (prefixDiskBytes == 0)) {
      throw new IllegalArgumentException("a folder of prefixes and its size need each other");
    }
    if (prefixInterval < 1) {
      throw new IllegalArgumentException(
          "the prefix interval must be positive, not " + prefixInterval);
    }
  }

  /** 32 sequences, 1024 waiting requests, 100 ms a step, 256 MiB of prefixes in memory. */
  public static DispatcherOptions defaults() {
    return new DispatcherOptions(
        32, 1024, 256, Duration.ofMillis(100), 256L << 20, 512, null, 0, true);
  }

  public DispatcherOptions withLimits(int running, int waiting, int waitingPerTenant) {
    return new DispatcherOptions(
        running,
        waiting,
        waitingPerTenant,
        tokenTarget,
        prefixMemoryBytes,
        prefixInterval,
        prefixFolder,
        prefixDiskBytes,
        speculation);
  }

  public DispatcherOptions withTokenTarget(Duration target) {
    return new DispatcherOptions(
        maxRunning,
        maxWaiting,
        maxWaitingPerTenant,
        target,
        prefixMemoryBytes,
        prefixInterval,
        prefixFolder,
        prefixDiskBytes,
        speculation);
  }

  public DispatcherOptions withPrefixMemory(long bytes, int interval) {
    return new DispatcherOptions(
        maxRunning,
        maxWaiting,
        maxWaitingPerTenant,
        tokenTarget,
        bytes,
        interval,
        prefixFolder,
        prefixDiskBytes,
        speculation);
  }

  public DispatcherOptions withPrefixFolder(@Nullable Path folder, long bytes) {
    return new DispatcherOptions(
        maxRunning,
        maxWaiting,
        maxWaitingPerTenant,
        tokenTarget,
        prefixMemoryBytes,
        prefixInterval,
        folder,
        bytes,
        speculation);
  }

  public DispatcherOptions withSpeculation(boolean on) {
    return new DispatcherOptions(
        maxRunning,
        maxWaiting,
        maxWaitingPerTenant,
        tokenTarget,
        prefixMemoryBytes,
        prefixInterval,
        prefixFolder,
        prefixDiskBytes,
        on);
  }
}
