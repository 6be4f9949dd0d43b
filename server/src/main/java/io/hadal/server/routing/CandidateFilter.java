package io.hadal.server.routing;

import io.hadal.chat.Problem;
import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.tenancy.ProjectPolicy;
import io.hadal.server.routing.body.RequestView;
import io.hadal.server.routing.config.Operation;
import io.hadal.server.routing.config.UpstreamConfig;
import io.hadal.server.routing.config.UpstreamModel;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which upstreams of a route may answer a request. */
final class CandidateFilter {
  private final RequestView request;
  private final ProjectPolicy policy;
  private final ProviderWishes wishes;
  private final boolean zdr;
  private final Set<String> features;
  private final Set<String> reasons = new LinkedHashSet<>();

  /**
   * A filter.
   *
   * @param zdr whether the request itself asks for zero data retention
   */
  CandidateFilter(RequestView request, ProjectPolicy policy, ProviderWishes wishes, boolean zdr) {
    this.request = request;
    this.policy = policy;
    this.wishes = wishes;
    this.zdr = zdr || policy.zdr() || policy.phi() || wishes.zdr();
    this.features = request.features();
  }

  /**
   * Those that may answer, in the order they came in.
   *
   * @param versioned whether the model is named as the upstreams do, by a version of the registry
   * @throws Problem when none may, with what stands in the way
   */
  List<Candidate> candidates(List<Backend> backends, boolean versioned) {
    List<Candidate> fitting = new ArrayList<>();
    List<Candidate> tooShort = new ArrayList<>();
    long prompt = request.promptTokens();
    for (Backend backend : backends) {
      UpstreamModel model = backend.config().model(request.model());
      if (model == null && versioned) {
        model = backend.config().modelCalled(request.model());
      }
      Operation spoken = spoken(backend.config());
      String reason =
          model == null
              ? "they do not have this model"
              : spoken == null
                  ? "they do not speak " + request.operation().configName()
                  : reason(backend.config(), model);
      if (reason != null || model == null || spoken == null) {
        reasons.add(String.valueOf(reason));
        continue;
      }
      Candidate candidate = new Candidate(backend, model, spoken);
      // An estimate only orders: the upstream knows better what is too long.
      boolean fits = model.context() == 0 || prompt <= model.context();
      (fits ? fitting : tooShort).add(candidate);
    }
    List<Candidate> found = fitting.isEmpty() ? tooShort : fitting;
    if (found.isEmpty()) {
      throw Problem.unsupported(
          "model", "has no upstream for this request: " + String.join("; ", reasons));
    }
    return found;
  }

  /** What an upstream is asked in; null when it can neither be asked nor be translated to. */
  private @Nullable Operation spoken(UpstreamConfig upstream) {
    Operation operation = request.operation();
    if (upstream.speaks().contains(operation.needed())) {
      return operation;
    }
    if (operation == Operation.CHAT && upstream.speaks().contains(Operation.MESSAGES)) {
      return Operation.MESSAGES;
    }
    if (operation == Operation.MESSAGES && upstream.speaks().contains(Operation.CHAT)) {
      return Operation.CHAT;
    }
    return null;
  }

  private @Nullable String reason(UpstreamConfig upstream, UpstreamModel model) {
    if ((!wishes.only().isEmpty() && !wishes.only().contains(upstream.name()))
        || wishes.ignore().contains(upstream.name())) {
      return "provider leaves them out";
    }
    if (zdr && !upstream.zdr()) {
      return "they are not known to keep nothing (zdr)";
    }
    if (policy.phi() && !upstream.baa()) {
      return "no contract covers health information there (baa)";
    }
    if (!policy.regions().isEmpty()
        && (upstream.region() == null || !policy.regions().contains(upstream.region()))) {
      return "they are in other regions";
    }
    for (String feature : features) {
      boolean known = model.features().contains(feature);
      if (wishes.requireParameters() ? !known : !model.offers(feature)) {
        return "they lack " + feature;
      }
    }
    PriceSnapshot prices = model.prices();
    if (dearer(wishes.mostInput(), prices == null ? Long.MAX_VALUE : prices.input())
        || dearer(wishes.mostOutput(), prices == null ? Long.MAX_VALUE : prices.output())) {
      return "they cost more than provider.max_price";
    }
    return null;
  }

  private static boolean dearer(long most, long price) {
    return most >= 0 && price > most;
  }
}
