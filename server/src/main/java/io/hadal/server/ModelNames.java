package io.hadal.server;

import io.hadal.chat.Problem;
import io.hadal.engine.serving.FirstTokenPromise;
import io.hadal.platform.compare.AnswerFacts;
import io.hadal.platform.compare.AnswerReader;
import io.hadal.platform.compare.Expectation;
import io.hadal.platform.compare.Pairs;
import io.hadal.platform.registry.DeprecationHeaders;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.registry.Resolution;
import io.hadal.platform.registry.Slo;
import io.hadal.platform.rollout.Observation;
import io.hadal.platform.tenancy.Identity;
import io.hadal.server.routing.body.RequestView;
import io.hadal.server.routing.body.SessionKey;
import io.hadal.server.routing.config.Operation;
import io.hadal.server.trial.AnswerTap;
import io.hadal.server.trial.Shadows;
import io.hadal.server.wire.Call;
import io.hadal.server.wire.HeaderFlag;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Gives the names of the registry their meaning before a request goes its way. */
final class ModelNames {
  /** Name of this process among the backends of a version. */
  private static final String LOCAL = "local";

  /** How a request ends when what answers is to blame, and not the one who asked. */
  private static final Set<String> FAULTS =
      Set.of("internal_error", "timeout", "queue_timeout", "upstream_error", "model_not_running");

  /** How a request for a routed version ends when nobody there can or may take it. */
  private static final Set<String> ROUTED_FAULTS =
      Set.of("server_is_overloaded", "unsupported_value", "upstream_refused");

  private static final System.Logger LOG = System.getLogger("hadal.server");

  private final PlatformAccess.Names known;
  private final String local;
  private final LocalVersions versions;
  private final Shadows shadows;

  /** Rollouts of which it was said that their candidate runs nowhere. */
  private final Set<String> told = ConcurrentHashMap.newKeySet();

  /**
   * Names of a platform.
   *
   * @param local name of the model of this process
   * @param versions which versions run, here and on engine nodes
   * @param shadows takes copies of answered requests
   */
  ModelNames(PlatformAccess.Names known, String local, LocalVersions versions, Shadows shadows) {
    this.known = known;
    this.local = local;
    this.versions = versions;
    this.shadows = shadows;
  }

  /**
   * Chooses the version for a name that the registry knows; others stay what they are.
   *
   * @throws io.hadal.platform.Refusal when the version has ended, or the key may not use it
   */
  void resolve(Call call, Operation operation, long bodyLimit) throws IOException {
    Identity identity = call.meter().identity();
    RequestView view = identity == null ? null : RequestView.of(call.body(bodyLimit), operation);
    if (identity == null || view == null) {
      return;
    }
    String cheaper = known.budgets().downgrade(identity, call.endUser(), view.model());
    if (cheaper != null && !cheaper.equals(view.model())) {
      call.exchange().setHeader("x-hadal-downgraded", cheaper);
      view = view.withModel(cheaper);
      call.replaceBody(view.body());
    }
    if (!known.registry().knows(view.model(), identity)) {
      return;
    }
    // Without a name, a conversation is known by its beginning.
    SessionKey key = SessionKey.of(view, identity.project(), call.exchange()::header);
    String session = Long.toHexString(key.value());
    Resolution found = known.registry().resolve(view.model(), identity, session, this::runs);
    DeprecationHeaders.of(found, known.clock().instant()).forEach(call.exchange()::setHeader);
    call.resolved(found);
    call.promise(promise(found));
    if (found.rollout() != null && operation.generates()) {
      call.through(new AnswerTap(call.exchange(), operation, view.body(), session));
    }
    rename(call, view, found);
  }

  /**
   * Asks a cheaper model after all: the budget had something left when the name was looked at, and
   * too little for this request.
   *
   * @return false when nobody is to be asked in its place
   */
  boolean downgraded(Call call, Operation operation, long bodyLimit) throws IOException {
    Identity identity = call.meter().identity();
    if (identity == null || call.meter().hasAttempt() || call.exchange().answered()) {
      return false;
    }
    RequestView view = RequestView.of(call.body(bodyLimit), operation);
    String cheaper =
        view == null ? null : known.budgets().downgrade(identity, call.endUser(), call.model());
    if (view == null || cheaper == null || cheaper.equals(call.model())) {
      return false;
    }
    call.exchange().setHeader("x-hadal-downgraded", cheaper);
    call.unresolved();
    call.replaceBody(view.withModel(cheaper).body());
    resolve(call, operation, bodyLimit);
    return true;
  }

  /**
   * Whether a candidate runs; one that does not has failed, so that its rollout ends, and the
   * baseline answers for it meanwhile.
   */
  private boolean runs(String rollout, String candidate) {
    if (versions.answerable(candidate)) {
      return true;
    }
    if (told.add(rollout)) {
      LOG.log(
          Level.WARNING,
          "rollout {0}: {1} runs nowhere; its baseline answers, and it counts as failed",
          rollout,
          candidate);
    }
    known.rollouts().observe(rollout, candidate, Observation.failure());
    return false;
  }

  /**
   * Names the model of a call that a gateway has sent here for a version.
   *
   * @throws Problem when the model of this process is not that version
   */
  void chosen(Call call, Operation operation, long bodyLimit) throws IOException {
    RequestView view = RequestView.of(call.body(bodyLimit), operation);
    ModelVersion version = view == null ? null : versions.local(view.model());
    if (view == null || version == null) {
      return;
    }
    if (!versions.here(version)) {
      throw versions.refusal(version.id());
    }
    call.replaceBody(view.withModel(local).body());
  }

  /** What a version of this process promises about first tokens, which admission protects. */
  private @Nullable FirstTokenPromise promise(Resolution found) {
    if (!found.backends().contains(LOCAL)) {
      return null;
    }
    Slo slo = known.registry().promise(found.version());
    return slo == null || !slo.firstToken()
        ? null
        : new FirstTokenPromise(
            slo.firstTokenMillis() / 1e3, slo.perThousandMillis() / 1e3, slo.percent() / 100.0);
  }

  /**
   * Prepares a call whose version is known already.
   *
   * @throws Problem when its body names no model
   */
  void pinned(Call call, Operation operation, long bodyLimit) throws IOException {
    Resolution found = call.resolution();
    RequestView view = RequestView.of(call.body(bodyLimit), operation);
    if (view == null || found == null) {
      throw Problem.missing("model");
    }
    rename(call, view, found);
  }

  /**
   * Names the model as whoever answers does.
   *
   * @throws Problem when it is a local version that nobody runs
   */
  private void rename(Call call, RequestView view, Resolution found) {
    String target = target(found);
    if (!target.equals(view.model())) {
      call.replaceBody(view.withModel(target).body());
    }
  }

  private String target(Resolution found) {
    if (!found.backends().contains(LOCAL)) {
      return found.upstreamModel();
    }
    ModelVersion version = versions.local(found.version());
    if (version == null || versions.here(version)) {
      return local;
    }
    if (versions.answerable(version.id())) {
      return version.id(); // As engine nodes call it.
    }
    throw versions.refusal(version.id());
  }

  /**
   * Refuses a version that nobody runs.
   *
   * @throws Problem when it is one
   */
  void require(Resolution found) {
    if (!versions.answerable(found.version())) {
      throw versions.refusal(found.version());
    }
  }

  /** Tells a rollout how an answer of it went, and sends the copy that the candidate may get. */
  void observe(Call call) {
    Resolution found = call.resolution();
    String rollout = found == null ? null : found.rollout();
    if (found == null || rollout == null) {
      return;
    }
    try {
      observe(call, found, rollout);
    } catch (RuntimeException e) {
      // The client has its answer; what is told here has no content.
      LOG.log(Level.WARNING, "an answer of a rollout was not judged: " + e.getClass().getName());
    }
  }

  private void observe(Call call, Resolution found, String rollout) {
    boolean failed = failed(call, found);
    if (!failed && !call.outcome().equals("ok")) {
      return;
    }
    AnswerTap tap = call.exchange() instanceof AnswerTap one ? one : null;
    byte[] answer = tap == null || failed ? new byte[0] : tap.answer();
    known.rollouts().observe(rollout, found.version(), observation(call, tap, answer, failed));
    Identity identity = call.meter().identity();
    if (tap == null || identity == null || (!failed && answer.length == 0)) {
      return;
    }
    boolean zdr = HeaderFlag.ZDR.of(call.exchange());
    known
        .rollouts()
        .shadow(found, identity, tap.session(), zdr)
        .ifPresent(
            candidate ->
                shadows.copy(
                    tap,
                    rollout,
                    candidate,
                    identity,
                    failed ? null : answer,
                    call.age().toMillis()));
  }

  private static Observation observation(
      Call call, @Nullable AnswerTap tap, byte[] answer, boolean failed) {
    if (failed) {
      return Observation.failure();
    }
    Duration first = call.firstToken();
    Duration each = call.tokenTime();
    AnswerFacts facts = answer.length == 0 ? null : AnswerReader.read(answer);
    return Pairs.observation(
        Expectation.of(tap == null ? new byte[0] : tap.request()),
        facts,
        first == null ? -1 : first.toMillis(),
        each == null ? -1 : each.toNanos() / 1000);
  }

  /** Whether what answers is to blame. A version that another one stood in for has failed, too. */
  private static boolean failed(Call call, Resolution found) {
    String outcome = call.outcome();
    boolean routed = !found.backends().contains(LOCAL) || call.upstream() != null;
    boolean limited = call.upstream() != null && outcome.equals("rate_limit_exceeded");
    return call.isSubstituted()
        || FAULTS.contains(outcome)
        || outcome.startsWith("upstream_")
        || (routed && (limited || ROUTED_FAULTS.contains(outcome)));
  }
}
