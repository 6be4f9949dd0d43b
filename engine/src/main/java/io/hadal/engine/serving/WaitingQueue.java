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
  private final Map<PriorityClass, Map<String, Double>> work = new EnumMap<>(PriorityClass.class);
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

  /** Tenants with requests, of any class. */
  int tenants() {
    return tenants.size();
  }

  /** Work that all of them will probably take. */
  double work() {
    double all = 0;
    for (Map<String, Double> byTenant : work.values()) {
      for (double one : byTenant.values()) {
        all += one;
      }
    }
    return all;
  }

  /** Work that comes before more work of a tenant and class, if nothing else comes. */
  double ahead(PriorityClass priority, String tenant, double more) {
    double own = work.getOrDefault(priority, Map.of()).getOrDefault(tenant, 0.0);
    // Others of the class get as much meanwhile, if they have so much.
    return withOthers(priority, capped(priority, own + more), more);
  }

  /** The same when those that wait of the other tenants are always followed by more of them. */
  double aheadOfAll(PriorityClass priority, String tenant, double more) {
    Map<String, Double> byTenant = work.getOrDefault(priority, Map.of());
    double own = byTenant.getOrDefault(tenant, 0.0);
    int others = waiting.getOrDefault(priority, Map.of()).size() - (own > 0 ? 1 : 0);
    return withOthers(priority, own + Math.max(0, others) * (own + more), more);
  }

  /** With what comes before it of other classes. */
  private double withOthers(PriorityClass priority, double within, double more) {
    double ahead = within;
    for (PriorityClass other : PriorityClass.values()) {
      if (other != priority) {
        double part = (within + more) * other.weight() / priority.weight();
        ahead += Math.min(capped(other, Double.POSITIVE_INFINITY), part);
      }
    }
    return ahead;
  }

  private double capped(PriorityClass priority, double most) {
    double all = 0;
    for (double one : work.getOrDefault(priority, Map.of()).values()) {
      all += Math.min(one, most);
    }
    return all;
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
    String tenant = ticket.request.tenant();
    Map<String, Double> byTenant = work.computeIfAbsent(priority, c -> new HashMap<>());
    byTenant.merge(tenant, change * ticket.expectedWork, Double::sum);
    if (counts.merge(priority, change, Integer::sum) == 0) {
      counts.remove(priority);
      byTenant.clear();
    }
    if (tenants.merge(tenant, change, Integer::sum) == 0) {
      tenants.remove(tenant);
      // Also ends what rounding has left.
      work.values().forEach(of -> of.remove(tenant));
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
