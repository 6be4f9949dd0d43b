package io.hadal.engine.serving;

import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Who is next: classes share the work by weight, tenants of a class in equal parts. Each has a
 * counter of the work it got, divided by its weight, and the smallest comes first. Who comes back
 * from a pause starts at the smallest counter of the others, so that nobody saves up.
 */
final class FairShare {
  /** Tenants whose counters are remembered while they are idle. */
  private static final int REMEMBERED = 4096;

  private static final class Share {
    final double weight;
    final Map<String, Share> tenants = new HashMap<>();
    double served;
    double reserved;
    int requests;

    Share(double weight) {
      this.weight = weight;
    }

    double counter(boolean withReserved) {
      return (withReserved ? served + reserved : served) / weight;
    }

    void enter(Iterable<Share> others) {
      if (requests == 0) {
        double least = Double.POSITIVE_INFINITY;
        for (Share other : others) {
          least = other.requests == 0 ? least : Math.min(least, other.counter(false));
        }
        if (least < Double.POSITIVE_INFINITY) {
          served = Math.max(served, least * weight);
        }
      }
      requests++;
    }
  }

  private final Map<PriorityClass, Share> classes = new EnumMap<>(PriorityClass.class);

  FairShare() {
    for (PriorityClass c : PriorityClass.values()) {
      classes.put(c, new Share(c.weight()));
    }
  }

  private Share ofClass(Ticket ticket) {
    return Objects.requireNonNull(classes.get(ticket.request.priority()));
  }

  private Share ofTenant(Ticket ticket) {
    return ofClass(ticket).tenants.computeIfAbsent(ticket.request.tenant(), t -> new Share(1));
  }

  /** A request has come. */
  synchronized void enter(Ticket ticket) {
    Share all = ofClass(ticket);
    if (all.tenants.size() > REMEMBERED) {
      all.tenants.values().removeIf(t -> t.requests == 0);
    }
    Share one = ofTenant(ticket);
    one.enter(all.tenants.values());
    all.enter(classes.values());
  }

  /** A request has gone. */
  synchronized void leave(Ticket ticket) {
    release(ticket);
    ofClass(ticket).requests--;
    ofTenant(ticket).requests--;
  }

  /** Counts the work that a request will probably take, from the moment it gets a place. */
  synchronized void reserve(Ticket ticket, double work) {
    ticket.reserved = work;
    ofClass(ticket).reserved += work;
    ofTenant(ticket).reserved += work;
  }

  private void release(Ticket ticket) {
    ofClass(ticket).reserved -= ticket.reserved;
    ofTenant(ticket).reserved -= ticket.reserved;
    ticket.reserved = 0;
  }

  /** Counts work that was done; it takes the place of what was reserved. */
  synchronized void charge(Ticket ticket, double work) {
    double known = Math.min(work, ticket.reserved);
    ticket.reserved -= known;
    for (Share share : new Share[] {ofClass(ticket), ofTenant(ticket)}) {
      share.served += work;
      share.reserved -= known;
    }
  }

  /** Order in which requests get a place: work that is foreseen counts like work done. */
  Comparator<Ticket> placing() {
    return (a, b) -> compare(a, b, true);
  }

  /** Order in which placed requests go on. */
  Comparator<Ticket> working() {
    return (a, b) -> compare(a, b, false);
  }

  private synchronized int compare(Ticket a, Ticket b, boolean withReserved) {
    int order = Double.compare(ofClass(a).counter(withReserved), ofClass(b).counter(withReserved));
    if (order == 0) {
      order = Double.compare(b.request.priority().weight(), a.request.priority().weight());
    }
    if (order == 0) {
      order = Double.compare(ofTenant(a).counter(withReserved), ofTenant(b).counter(withReserved));
    }
    return order == 0 ? Long.compare(a.id(), b.id()) : order;
  }

  /**
   * True when a request may take the place of a running one: its class has the larger weight and
   * has had no more than its share.
   */
  synchronized boolean outranks(Ticket next, Ticket running) {
    return next.request.priority().weight() > running.request.priority().weight()
        && ofClass(next).counter(false) <= ofClass(running).counter(false);
  }
}
