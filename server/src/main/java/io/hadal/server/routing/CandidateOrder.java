package io.hadal.server.routing;

import io.hadal.server.routing.body.RequestView;
import io.hadal.server.routing.config.Strategy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;

/** In which order candidates are tried. */
final class CandidateOrder {
  /** Tokens of an answer when the request does not say. */
  private static final long USUAL_OUTPUT = 256;

  private final RandomGenerator random;

  CandidateOrder(RandomGenerator random) {
    this.random = random;
  }

  /**
   * Orders candidates.
   *
   * @param session key of the session
   */
  List<Candidate> order(
      Strategy strategy,
      List<Candidate> candidates,
      RequestView request,
      ProviderWishes wishes,
      long session) {
    Strategy used = wishes.sort() == null ? strategy : wishes.sort();
    List<Candidate> ordered = new ArrayList<>(by(used, candidates, request, session));
    // Those that are down come last: when nobody else is there, they may be back.
    ordered.sort(Comparator.comparing(c -> !c.backend().health().up()));
    List<String> first = wishes.order();
    if (!first.isEmpty()) {
      ordered.sort(Comparator.comparingInt(c -> place(first, c.name())));
    }
    return wishes.fallbacks() ? ordered : ordered.subList(0, 1);
  }

  private static int place(List<String> names, String name) {
    int index = names.indexOf(name);
    return index < 0 ? names.size() : index;
  }

  private List<Candidate> by(
      Strategy strategy, List<Candidate> candidates, RequestView request, long session) {
    long output =
        request.maxOutput() > 0 ? Math.min(request.maxOutput(), USUAL_OUTPUT) : USUAL_OUTPUT;
    return switch (strategy) {
      case PRIORITY ->
          sorted(
              byChance(candidates), Comparator.comparingInt(c -> c.backend().config().priority()));
      case WEIGHTED -> byChance(candidates);
      case LEAST_COST -> {
        long prompt = request.promptTokens();
        yield sorted(candidates, Comparator.comparingLong(c -> c.expectedCost(prompt, output)));
      }
      case LOWEST_LATENCY ->
          sorted(candidates, Comparator.comparingDouble(c -> c.expectedMillis(output)));
      case THROUGHPUT ->
          sorted(candidates, Comparator.comparingDouble(c -> Math.max(0, c.lane().tokenMicros())));
      case AFFINITY ->
          Rendezvous.bounded(
              Rendezvous.order(
                  session, candidates, Candidate::name, c -> c.backend().config().weight()),
              c -> c.backend().active().get());
    };
  }

  private static List<Candidate> sorted(List<Candidate> candidates, Comparator<Candidate> order) {
    return candidates.stream().sorted(order).toList();
  }

  /** A random order in which the first is chosen in proportion to the weights. */
  private List<Candidate> byChance(List<Candidate> candidates) {
    return Rendezvous.order(
        random.nextLong(), candidates, Candidate::name, c -> c.backend().config().weight());
  }
}
