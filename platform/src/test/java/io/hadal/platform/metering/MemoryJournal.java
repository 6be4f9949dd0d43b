package io.hadal.platform.metering;

import io.hadal.platform.budget.SettledSource;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.UsageEvent;
import io.hadal.platform.usage.UsageJournal;
import io.hadal.platform.usage.Work;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** A journal that keeps events in memory, and refuses a second one. */
public final class MemoryJournal implements UsageJournal, SettledSource {
  private final Map<String, UsageEvent> events = new ConcurrentHashMap<>();
  final List<Quantities> checkpoints = new CopyOnWriteArrayList<>();
  volatile boolean fails;

  @Override
  public void admit(Work work, long start, @Nullable String holdId, long held) {
    if (fails) {
      throw new IllegalStateException("the disk is full");
    }
  }

  @Override
  public void checkpoint(String requestId, int attempt, Quantities soFar) {
    checkpoints.add(soFar);
  }

  @Override
  public void end(UsageEvent event) {
    if (fails) {
      throw new IllegalStateException("the disk is full");
    }
    String id = event.work().requestId() + "/" + event.work().attempt();
    if (events.putIfAbsent(id, event) != null) {
      throw new AssertionError("two events of " + id);
    }
  }

  @Override
  public boolean ended(String requestId, int attempt) {
    return events.containsKey(requestId + "/" + attempt);
  }

  public Collection<UsageEvent> events() {
    return events.values();
  }

  public long cost() {
    return events.values().stream().mapToLong(UsageEvent::cost).sum();
  }

  @Override
  public long settled(
      Handle handle, LimitScope scope, String subject, long from, long to, @Nullable String node) {
    return events.values().stream()
        .filter(
            e ->
                subject.equals(scope.subject(e.work().identity(), e.work().endUser()))
                    && e.start() >= from
                    && e.start() < to
                    && (node == null || (e.holdId() != null && e.holdId().startsWith(node + ":"))))
        .mapToLong(UsageEvent::cost)
        .sum();
  }
}
