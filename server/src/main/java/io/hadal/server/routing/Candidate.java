package io.hadal.server.routing;

import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.usage.Quantities;
import io.hadal.server.routing.config.Operation;
import io.hadal.server.routing.config.UpstreamModel;

/**
 * An upstream that may answer a request.
 *
 * @param spoken what it is asked in: the client's dialect, or the one that the request is turned
 *     into
 */
record Candidate(Backend backend, UpstreamModel model, Operation spoken) {
  Lane lane() {
    return backend.lane(model.upstreamName());
  }

  String name() {
    return backend.name();
  }

  /** The version that answers, as records and headers name it. */
  String version() {
    String own = backend.version();
    return own != null ? own : backend.name() + "/" + model.upstreamName();
  }

  /** Label of the model in metrics: names that clients make up are none. */
  String label() {
    boolean known =
        backend.config().models().values().stream()
            .anyMatch(m -> m.upstreamName().equals(model.upstreamName()));
    return known ? version() : backend.name();
  }

  /** Expected cost in nano-USD, cache hits included; the most when prices are unknown. */
  long expectedCost(long prompt, long output) {
    PriceSnapshot prices = model.prices();
    if (prices == null) {
      return Long.MAX_VALUE;
    }
    long hit = Math.round(prompt * lane().cacheHit());
    return prices.cost(Quantities.tokens(prompt - hit, hit, 0, output, 0));
  }

  /** Expected milliseconds until so many tokens have come; 0 when unknown, so that it is tried. */
  double expectedMillis(long output) {
    Lane lane = lane();
    double first = lane.firstTokenMillis();
    return first < 0 ? 0 : first + output * Math.max(0, lane.tokenMicros()) / 1e3;
  }
}
