package io.hadal.engine.serving;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Who gets a place: rules without threads, which simulations share. */
final class Placement {
  private Placement() {}

  /**
   * What has places to give.
   *
   * @param <S> what can have one
   */
  interface Places<S> {
    /** What has lost its place and should get one first; null for nothing. */
    @Nullable S firstParked();

    Ticket ticket(S sequence);

    /** Gives a parked one a place; false when there is none. */
    boolean resume(S parked);

    /** Gives a waiting one a place; false when there is none, or no memory. */
    boolean admit(Ticket waiting);
  }

  /** Gives free places to those that should have them next. */
  static <S> void fill(WaitingQueue waiting, FairShare share, Places<S> places) {
    while (true) {
      Ticket next = waiting.first(share.placing());
      S parked = places.firstParked();
      if (parked != null
          && (next == null || share.placing().compare(places.ticket(parked), next) <= 0)) {
        if (!places.resume(parked)) {
          return;
        }
      } else if (next == null || !places.admit(next)) {
        return;
      } else {
        waiting.remove(next);
        share.reserve(next, next.expectedWork);
      }
    }
  }

  /** The running one whose place a request may take; null when it has to wait. */
  static <S> @Nullable S victim(
      Ticket next, List<S> running, Function<S, Ticket> ticket, FairShare share) {
    S victim = null;
    for (S s : running) {
      if (share.outranks(next, ticket.apply(s))
          && (victim == null || weight(ticket.apply(s)) <= weight(ticket.apply(victim)))) {
        victim = s;
      }
    }
    return victim;
  }

  private static double weight(Ticket ticket) {
    return ticket.request.priority().weight();
  }
}
