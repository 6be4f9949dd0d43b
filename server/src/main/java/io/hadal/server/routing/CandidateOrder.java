package io.hadal.server.routing;

import io.hadal.chat.Problem;
import io.hadal.server.routing.body.PromptBlocks;
import io.hadal.server.routing.body.RequestView;
import io.hadal.server.routing.config.Strategy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
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
   * @param blocks of its prompt, when they are asked for
   */
  List<Candidate> order(
      Strategy strategy,
      List<Candidate> candidates,
      RequestView request,
      ProviderWishes wishes,
      long session,
      Supplier<PromptBlocks> blocks) {
    Strategy used = wishes.sort() == null ? strategy : wishes.sort();
    List<Candidate> ordered = new ArrayList<>(by(used, candidates, request, session, blocks));
    // Those that are down come last: when nobody else is there, they may be back.
    ordered.sort(Comparator.comparing(c -> !c.backend().health().up()));
    List<String> first = wishes.order();
    if (!first.isEmpty()) {
      ordered.sort(Comparator.comparingInt(c -> place(first, c.name())));
      if (!wishes.fallbacks() && !first.contains(ordered.getFirst().name())) {
        throw Problem.unsupported(
            "provider.order", "names no upstream that may answer, and there are no fallbacks");
      }
    }
    return wishes.fallbacks() ? ordered : ordered.subList(0, 1);
  }

  private static int place(List<String> names, String name) {
    int index = names.indexOf(name);
    return index < 0 ? names.size() : index;
  }

  private List<Candidate> by(
      Strategy strategy,
      List<Candidate> candidates,
      RequestView request,
      long session,
      Supplier<PromptBlocks> blocks) {
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
          cachedFirst(
              Rendezvous.bounded(
                  Rendezvous.order(
                      session, candidates, Candidate::name, c -> c.backend().config().weight()),
                  c -> c.backend().load()),
              blocks);
    };
  }

  /**
   * Puts the node first that has most of the prompt in its cache, if it has at least the beginning
   * of this conversation and is not too busy: so a conversation stays where it is when nodes come.
   */
  private static List<Candidate> cachedFirst(
      List<Candidate> ordered, Supplier<PromptBlocks> blocks) {
    if (ordered.size() < 2 || ordered.stream().allMatch(c -> c.backend().digest().isEmpty())) {
      return ordered;
    }
    PromptBlocks prompt = blocks.get();
    long[] hashes = prompt.hashes();
    double most = Rendezvous.most(ordered, c -> c.backend().load());
    Candidate best = ordered.getFirst();
    int depth = best.backend().digest().depth(hashes);
    for (Candidate candidate : ordered) {
      int there = candidate.backend().digest().depth(hashes);
      if (there > depth && there >= prompt.opening() && candidate.backend().load() < most) {
        best = candidate;
        depth = there;
      }
    }
    if (best == ordered.getFirst()) {
      return ordered;
    }
    List<Candidate> moved = new ArrayList<>(ordered);
    moved.remove(best);
    moved.addFirst(best);
    return moved;
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
