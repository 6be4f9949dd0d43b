package io.hadal.engine.serving;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Requests that wait for a place, each tenant's in their order. */
final class WaitingQueue {
  private final Map<PriorityClass, Map<String, ArrayDeque<Ticket>>> waiting =
      new EnumMap<>(PriorityClass.class);
  private final Map<PriorityClass, Integer> counts = new EnumMap<>(PriorityClass.class);
  private final Map<PriorityClass, Double> work = new EnumMap<>(PriorityClass.class);
  private final Map<String, Integer> tenants = new HashMap<>();
  private int size;

  int size() {
    return size;
  }

  /** Requests of a tenant, of all classes. */
  int size(String tenant) {
    return tenants.getOrDefault(tenant, 0);
  }

  Map<PriorityClass, Integer> counts() {
    return new EnumMap<>(counts);
  }

  /** Work that the requests of a class will probably take. */
  double work(PriorityClass priority) {
    return work.getOrDefault(priority, 0.0);
  }

  /** Work that all of them will probably take. */
  double work() {
    return work.values().stream().mapToDouble(Double::doubleValue).sum();
  }

  void add(Ticket ticket) {
    waiting
        .computeIfAbsent(ticket.request.priority(), c -> new HashMap<>())
        .computeIfAbsent(ticket.request.tenant(), t -> new ArrayDeque<>())
        .add(ticket);
    count(ticket, 1);
  }

  private void count(Ticket ticket, int change) {
    PriorityClass priority = ticket.request.priority();
    size += change;
    if (counts.merge(priority, change, Integer::sum) == 0) {
      counts.remove(priority);
      // Also ends what rounding has left.
      work.remove(priority);
    } else {
      work.merge(priority, change * ticket.expectedWork, Double::sum);
    }
    if (tenants.merge(ticket.request.tenant(), change, Integer::sum) == 0) {
      tenants.remove(ticket.request.tenant());
    }
  }

  /** The first request of an order in which a tenant's own requests keep theirs. */
  @Nullable Ticket first(Comparator<Ticket> order) {
    return waiting.values().stream()
        .map(Map::values)
        .flatMap(Collection::stream)
        .map(ArrayDeque::getFirst)
        .min(order)
        .orElse(null);
  }

  /** Takes a request out that {@link #first} has named. */
  void remove(Ticket ticket) {
    Map<String, ArrayDeque<Ticket>> byTenant =
        Objects.requireNonNull(waiting.get(ticket.request.priority()));
    ArrayDeque<Ticket> queue = Objects.requireNonNull(byTenant.get(ticket.request.tenant()));
    queue.remove(ticket);
    if (queue.isEmpty()) {
      byTenant.remove(ticket.request.tenant());
    }
    count(ticket, -1);
  }

  /** Takes out what meets a condition. */
  List<Ticket> removeIf(Predicate<Ticket> condition) {
    List<Ticket> out = new ArrayList<>();
    for (Map<String, ArrayDeque<Ticket>> byTenant : waiting.values()) {
      for (Iterator<ArrayDeque<Ticket>> i = byTenant.values().iterator(); i.hasNext(); ) {
        ArrayDeque<Ticket> queue = i.next();
        queue.removeIf(t -> condition.test(t) && out.add(t));
        if (queue.isEmpty()) {
          i.remove();
        }
      }
    }
    out.forEach(t -> count(t, -1));
    return out;
  }
}
